import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import mqtt, { type IClientOptions } from 'mqtt';
import { signature } from '../../src/auth/signature.ts';
import { MqttSh } from './mqtt-sh.ts';

const SECRET_KEY = 'a key; with # signs';

describe('configuration of the running program', function () {
  this.timeout(120_000);
  let sh: MqttSh;

  before(async () => {
    sh = await MqttSh.create({
      LMQTT_CONNECT_MAX_PACKET_SIZE_IN_BYTE: '2048',
      LMQTT_SERVICE_LOG_LEVEL: 'debug',
    });
    mkdirSync(join(sh.home, 'conf'));
    writeFileSync(
      join(sh.home, 'conf/service.conf'),
      `username = mqtt-user ; who\nsecretKey = '${SECRET_KEY}'\n`,
    );
    writeFileSync(join(sh.home, 'conf/connect.conf'), 'maxPacketSizeInByte = 65536\n');
    const outcome = await sh.run(['start']);
    expect(outcome.code, outcome.stderr).to.equal(0);
  });
  after(() => sh.dispose());

  async function connect(options: IClientOptions): Promise<string> {
    try {
      const client = await mqtt.connectAsync({
        host: '127.0.0.1',
        port: sh.mqttPort,
        reconnectPeriod: 0,
        clientId: 'c1',
        ...options,
      });
      await client.endAsync();
      return 'connected';
    } catch (error) {
      return (error as Error).message;
    }
  }

  it('signs clients in by the user name and key of service.conf', async () => {
    const password = signature(SECRET_KEY, 'c1');
    expect(await connect({ username: 'mqtt-user', password })).to.equal('connected');
  });

  it('refuses everyone else with return code 4 [MQTT-3.2.2-5]', async () => {
    const refused = 'Connection refused: Bad username or password';
    expect(await connect({})).to.equal(refused);
    expect(await connect({ username: 'mqtt-user', password: SECRET_KEY })).to.equal(refused);
    const password = signature(SECRET_KEY, 'c1');
    expect(await connect({ username: 'mqtt-user', password, clientId: 'c2' })).to.equal(refused);
  });

  it('lets the environment win over the file', async () => {
    const password = signature(SECRET_KEY, 'c1');
    const client = await mqtt.connectAsync({
      host: '127.0.0.1',
      port: sh.mqttPort,
      reconnectPeriod: 0,
      clientId: 'c1',
      username: 'mqtt-user',
      password,
    });
    try {
      await client.publishAsync('a/b', Buffer.alloc(1900), { qos: 1 });
      const closed = new Promise<void>((resolve) => {
        client.once('close', () => {
          resolve();
        });
      });
      client.publish('a/b', Buffer.alloc(2100), { qos: 1 });
      await closed;
    } finally {
      await client.endAsync(true);
    }
  });

  it('writes neither key, nor password, nor payload into the log', async () => {
    await sh.run(['stop']);
    const log = readFileSync(join(sh.home, 'logs/lmqtt.log'), 'utf8');
    expect(log).to.include('"secretKey":"<redacted>"');
    expect(log).not.to.include(SECRET_KEY);
    expect(log).not.to.include(signature(SECRET_KEY, 'c1'));
  });
});
