import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { IClientOptions } from 'mqtt';
import { TestAuthority } from '../../helpers/certificates.ts';
import { MqttSh } from '../mqtt-sh.ts';
import { Clients, type TestClient } from './clients.ts';

const TRANSPORTS = ['mqtt', 'mqtts', 'ws', 'wss'] as const;
type Transport = (typeof TRANSPORTS)[number];

describe('cluster: listeners of workers', function () {
  this.timeout(120_000);
  let sh: MqttSh;
  let ca: Buffer;
  const clients = new Clients();

  before(async () => {
    sh = await MqttSh.create({
      LMQTT_CONNECT_WORKERS: '2',
      LMQTT_CONNECT_WORKERS_BEYOND_CORES: 'true',
      LMQTT_CONNECT_ENABLE_TLS: 'true',
      LMQTT_CONNECT_MQTT_TLS_PORT: '0',
      LMQTT_CONNECT_ENABLE_WEB_SOCKET: 'true',
      LMQTT_CONNECT_MQTT_WS_HOST: '127.0.0.1:0',
      LMQTT_CONNECT_ENABLE_WEB_SOCKET_TLS: 'true',
      LMQTT_CONNECT_MQTT_WSS_PORT: '0',
    });
    const conf = join(sh.home, 'conf');
    mkdirSync(conf);
    const authority = new TestAuthority(conf);
    const { cert, key } = authority.server();
    ca = readFileSync(authority.caFile);
    writeFileSync(
      join(conf, 'connect.conf'),
      `sslServerCertFile = ${cert}\nsslServerKeyFile = ${key}\n`,
    );
    const { code, stderr } = await sh.run(['start']);
    expect(code, stderr).to.equal(0);
  });
  afterEach(() => clients.end());
  after(async () => {
    await sh.run(['stop']);
    await sh.dispose();
  });

  /** Two clients, which go to different workers since these get them in turn. */
  function pair(transport: Transport): Promise<TestClient[]> {
    const address = /127\.0\.0\.1:(\d+)/.exec(sh.ready(transport) ?? '');
    const options: IClientOptions = { protocol: transport, path: '/mqtt', ca };
    const at = { host: '127.0.0.1', port: Number(address?.[1]) };
    return Promise.all(
      [1, 2].map((number) => clients.connect(at, `${transport}-${String(number)}`, options)),
    );
  }

  it('serve TCP, TLS and WebSocket on one address each, and clients of all reach each other', async () => {
    const all = (await Promise.all(TRANSPORTS.map(pair))).flat();
    for (const { mqtt } of all) await mqtt.subscribeAsync('listeners/#', { qos: 1 });
    for (const [index, { mqtt }] of all.entries()) {
      await mqtt.publishAsync('listeners/t', `from ${String(index)}`, { qos: 1 });
    }
    const expected = all.map((_, index) => `from ${String(index)}`);
    for (const client of all) {
      expect(await client.payloadsOf(all.length)).to.have.members(expected);
      expect(client.received).to.have.lengthOf(all.length);
    }
  });

  for (const transport of TRANSPORTS) {
    it(`carry a payload larger than a frame across workers by ${transport}`, async () => {
      const [publisher, subscriber] = await pair(transport);
      await subscriber?.mqtt.subscribeAsync(`large/${transport}`, { qos: 1 });
      const payload = 'x'.repeat(200_000);
      await publisher?.mqtt.publishAsync(`large/${transport}`, payload, { qos: 1 });
      expect(await subscriber?.payloadsOf(1)).to.deep.equal([payload]);
    });
  }
});
