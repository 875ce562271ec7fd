import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestAuthority } from '../helpers/certificates.ts';
import { MqttSh } from './mqtt-sh.ts';

describe('listeners of the running program', function () {
  this.timeout(120_000);
  let sh: MqttSh;
  let everything: Readonly<Record<string, string>>;

  before(async () => {
    sh = await MqttSh.create();
    const conf = join(sh.home, 'conf');
    mkdirSync(conf);
    const { cert, key } = new TestAuthority(conf).server();
    // The spelling of Apache RocketMQ MQTT among them.
    writeFileSync(
      join(conf, 'connect.conf'),
      `enableTlsSever = true\nsslServerCertFile = ${cert}\nsslServerKeyFile = ${key}\n`,
    );
    everything = {
      LMQTT_CONNECT_MQTT_TLS_PORT: '0',
      LMQTT_CONNECT_ENABLE_WEB_SOCKET: 'true',
      LMQTT_CONNECT_MQTT_WS_HOST: '127.0.0.1:0,127.0.0.1:0',
      LMQTT_CONNECT_ENABLE_WEB_SOCKET_TLS: 'true',
      LMQTT_CONNECT_MQTT_WSS_PORT: '0',
    };
  });
  afterEach(() => sh.run(['stop']));
  after(() => sh.dispose());

  async function failure(variables: Readonly<Record<string, string>>): Promise<string> {
    const outcome = await sh.run(['start'], { ...everything, ...variables });
    expect(outcome.code).to.equal(1);
    expect(outcome.stderr).to.match(/^lmqtt: [^\n]+\n$/);
    return outcome.stderr;
  }

  it('prints every address at the start and in the status', async () => {
    const start = await sh.run(['start'], everything);
    expect(start.code, start.stderr).to.equal(0);
    for (const { stdout } of [start, await sh.run(['status'])]) {
      expect(stdout).to.match(/^ {2}mqtt {9}127\.0\.0\.1:\d+$/m);
      expect(stdout).to.match(/^ {2}mqtts {8}mqtts:\/\/127\.0\.0\.1:\d+$/m);
      expect(stdout.match(/^ {2}ws {11}ws:\/\/127\.0\.0\.1:\d+\/mqtt$/gm)).to.have.lengthOf(2);
      expect(stdout).to.match(/^ {2}wss {10}wss:\/\/127\.0\.0\.1:\d+\/mqtt$/m);
    }
  });

  for (const variable of ['MQTT_TLS_PORT', 'MQTT_WS_HOST', 'MQTT_WSS_PORT']) {
    it(`names the address when that of ${variable} is taken, and starts nothing`, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const value = variable.endsWith('HOST') ? `127.0.0.1:${port}` : String(port);
      try {
        const stderr = await failure({ [`LMQTT_CONNECT_${variable}`]: value });
        expect(stderr).to.include(`127.0.0.1:${port}`).and.to.include('the port is in use');
      } finally {
        server.close();
      }
    });
  }

  it('names key and file of a certificate that is not there', async () => {
    const stderr = await failure({ LMQTT_CONNECT_SSL_SERVER_KEY_FILE: 'no-such.key' });
    expect(stderr).to.include(
      `sslServerKeyFile ${join(sh.home, 'conf/no-such.key')}: cannot be read`,
    );
  });

  it('names the key of a listener that others could reach without credentials', async () => {
    const stderr = await failure({ LMQTT_CONNECT_MQTT_WS_HOST: '0.0.0.0' });
    expect(stderr).to.include('mqttWsHost 0.0.0.0 is not loopback');
  });
});
