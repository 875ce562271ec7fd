import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { IClientOptions } from 'mqtt';
import { useTransportBroker } from '../helpers/transport-broker.ts';
import { type TransportName, TRANSPORTS } from '../helpers/transport.ts';
import { mosquittoPub, MosquittoSub, requireMosquittoClients } from './mosquitto-clients.ts';
import { MqttJsClient } from './mqtt-js-client.ts';

const TEST_TIMEOUT_MS = 20_000;
const COUNT = 20;
/** Each with what MQTT.js and mosquitto's clients take for it. */
const VERSIONS = [
  { name: '3.1', js: { protocolId: 'MQIsdp', protocolVersion: 3 }, mosquitto: 'mqttv31' },
  { name: '3.1.1', js: { protocolVersion: 4 }, mosquitto: 'mqttv311' },
  { name: '5.0', js: { protocolVersion: 5 }, mosquitto: 'mqttv5' },
] as const;
const PAYLOADS = Array.from({ length: COUNT }, (_, i) => `message ${i}`);

const run = promisify(execFile);

let unique = 0;

function name(stem: string): string {
  return `transports/${stem}${++unique}`;
}

async function failureOf(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => expect.fail('it was let in'),
    (error: unknown) => String(error),
  );
}

describe('interop: transports', () => {
  const broker = useTransportBroker();
  const clients: MqttJsClient[] = [];
  const subs: MosquittoSub[] = [];

  before(requireMosquittoClients);
  beforeEach(function (this: Mocha.Context) {
    this.currentTest?.timeout(TEST_TIMEOUT_MS);
  });
  afterEach(async () => {
    await Promise.all([
      ...clients.splice(0).map((client) => client.end()),
      ...subs.splice(0).map((sub) => sub.stop()),
    ]);
  });

  async function mqttJs(
    transport: TransportName,
    options: IClientOptions = {},
  ): Promise<MqttJsClient> {
    const ca = readFileSync(broker().authority.caFile);
    const client = await MqttJsClient.connect(broker().address(transport), {
      protocol: transport,
      path: '/mqtt',
      ca,
      ...options,
    });
    clients.push(client);
    return client;
  }

  for (const transport of TRANSPORTS) {
    for (const { name: version, js } of VERSIONS) {
      it(`MQTT.js on ${version} over ${transport}:// at each QoS`, async () => {
        const receiver = await mqttJs(transport, js);
        const sender = await mqttJs(transport, js);
        for (const qos of [0, 1, 2] as const) {
          const topic = name('js');
          await receiver.client.subscribeAsync(topic, { qos });
          await Promise.all(
            PAYLOADS.map((payload) => sender.client.publishAsync(topic, payload, { qos })),
          );
          const messages = await receiver.received(COUNT);
          expect(messages.map(({ payload }) => payload.toString())).to.deep.equal(PAYLOADS);
          expect(messages.map((message) => message.qos)).to.deep.equal(PAYLOADS.map(() => qos));
          receiver.messages.length = 0;
        }
      });
    }

    it(`MQTT.js over ${transport}:// with a payload of 900 kB`, async () => {
      const topic = name('large');
      const client = await mqttJs(transport);
      await client.client.subscribeAsync(topic, { qos: 1 });
      const payload = Buffer.alloc(900_000, '0123456789');
      await client.client.publishAsync(topic, payload, { qos: 1 });
      const [message] = await client.received(1);
      expect(message!.payload.equals(payload)).to.equal(true);
    });
  }

  it('MQTT.js does not connect over ws:// to another path', async () => {
    await failureOf(mqttJs('ws', { path: '/other' }));
  });

  // Those of Debian know no WebSocket.
  for (const transport of ['mqtt', 'mqtts'] as const) {
    for (const { name: version, mosquitto } of VERSIONS) {
      for (const qos of ['0', '1', '2']) {
        it(`mosquitto_pub to mosquitto_sub on ${version} over ${transport}:// at QoS ${qos}`, async () => {
          const topic = name('mosquitto');
          const address = { ...broker().address(transport), host: 'localhost' };
          const tls = transport === 'mqtts' ? ['--cafile', broker().authority.caFile] : [];
          const args = ['-V', mosquitto, ...tls, '-t', topic, '-q', qos];
          const sub = await MosquittoSub.start(address, args);
          subs.push(sub);
          await mosquittoPub(address, [...args, '-l'], PAYLOADS.join('\n'));
          const messages = await sub.received(COUNT);
          expect(messages.map(({ payload }) => payload.toString())).to.deep.equal(PAYLOADS);
        });
      }
    }
  }

  for (const transport of ['mqtt', 'mqtts'] as const) {
    it(`mosquitto_rr gets the answer to its request over ${transport}://`, async () => {
      const own = name('rr');
      const responder = await mqttJs('wss', { protocolVersion: 5 });
      responder.client.on('message', (_topic, payload, { properties }) => {
        const { responseTopic = '', correlationData } = properties ?? {};
        responder.client.publish(responseTopic, `${payload.toString()}!`, {
          properties: correlationData === undefined ? {} : { correlationData },
        });
      });
      await responder.client.subscribeAsync(`${own}/ask`, { qos: 1 });
      const tls = transport === 'mqtts' ? ['--cafile', broker().authority.caFile] : [];
      const port = String(broker().address(transport).port);
      const to = ['-V', 'mqttv5', '-h', 'localhost', '-p', port, ...tls, '-W', '10', '-q', '1'];
      const ask = [...to, '-t', `${own}/ask`, '-e', `${own}/answer`, '-m', 'question'];
      const { stdout } = await run('mosquitto_rr', ask);
      expect(stdout).to.equal('question!\n');
    });
  }
});

describe('interop: client certificates', () => {
  const broker = useTransportBroker({
    LMQTT_CONNECT_NEED_CLIENT_AUTH: 'optional',
    LMQTT_CONNECT_USERNAME_FROM_CERTIFICATE: 'true',
    LMQTT_SERVICE_USERNAME: 'lmqtt',
    LMQTT_SERVICE_SECRET_KEY: 'secret',
  });

  before(requireMosquittoClients);
  beforeEach(function (this: Mocha.Context) {
    this.currentTest?.timeout(TEST_TIMEOUT_MS);
  });

  function certified(): readonly string[] {
    const { cert, key } = broker().authority.client('/CN=device-1');
    return ['--cafile', broker().authority.caFile, '--cert', cert, '--key', key];
  }

  const message = ['-t', 'certified/t', '-m', 'x', '-q', '1'];

  it('lets mosquitto_pub in with a certificate and no password', async () => {
    const address = { ...broker().address('mqtts'), host: 'localhost' };
    await mosquittoPub(address, [...certified(), ...message]);
  });

  it('asks for the password where there is no certificate', async () => {
    const address = { ...broker().address('mqtts'), host: 'localhost' };
    const tls = ['--cafile', broker().authority.caFile];
    expect(await failureOf(mosquittoPub(address, [...tls, ...message]))).to.match(
      /ended with [45]/,
    );
    const named = [...tls, ...message, '-u', 'device-1'];
    expect(await failureOf(mosquittoPub(address, named))).to.match(/ended with [45]/);
  });

  it('lets MQTT.js in over wss:// with a certificate', async () => {
    const { cert, key } = broker().authority.client('/CN=device-2');
    const client = await MqttJsClient.connect(broker().address('wss'), {
      protocol: 'wss',
      path: '/mqtt',
      ca: readFileSync(broker().authority.caFile),
      cert: readFileSync(cert),
      key: readFileSync(key),
    });
    await client.end();
  });
});
