import { expect } from 'chai';
import { startPageServer, type PageServer } from '../../example/browser/page-server.ts';
import { hmacPassword } from '../helpers/hmac-password.ts';
import { useTransportBroker } from '../helpers/transport-broker.ts';
import { BrowserClient } from './browser-client.ts';
import { Chromium } from './chromium.ts';
import { MqttJsClient } from './mqtt-js-client.ts';

const START_TIMEOUT_MS = 60_000;
const TEST_TIMEOUT_MS = 40_000;
const USER = 'lmqtt';
const SECRET_KEY = 'secret';
const LEVELS = [0, 1, 2] as const;
const VERSIONS = [
  { name: '3.1.1', version: 4 },
  { name: '5.0', version: 5 },
] as const;

let unique = 0;

function name(stem: string): string {
  return `${stem}${String(++unique)}`;
}

describe('interop: a page with MQTT.js in headless Chromium', () => {
  const broker = useTransportBroker({
    LMQTT_SERVICE_USERNAME: USER,
    LMQTT_SERVICE_SECRET_KEY: SECRET_KEY,
  });
  let chromium: Chromium | undefined;
  let server: PageServer | undefined;
  const pages: BrowserClient[] = [];
  const clients: MqttJsClient[] = [];

  before('start Chromium', async function () {
    this.timeout(START_TIMEOUT_MS);
    chromium = await Chromium.start();
    server = await startPageServer(0);
  });
  beforeEach(function (this: Mocha.Context) {
    this.currentTest?.timeout(TEST_TIMEOUT_MS);
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end()));
    await Promise.all(pages.splice(0).map((page) => page.close()));
  });
  after('end Chromium', async function () {
    this.timeout(START_TIMEOUT_MS);
    await chromium?.stop();
    await server?.close();
  });

  /** A page that has pressed Connect. */
  async function browserClient(
    scheme: 'ws' | 'wss',
    version: number,
    { secretKey = SECRET_KEY, clientId = name('browser') } = {},
  ): Promise<BrowserClient> {
    if (chromium === undefined || server === undefined) throw new Error('not started yet');
    const page = await BrowserClient.open(chromium, server.url);
    pages.push(page);
    const { host, port } = broker().address(scheme);
    const url = `${scheme}://${host}:${String(port)}/mqtt`;
    const login = { username: USER, secretKey };
    await page.submit('connect', { url, version: String(version), clientId, ...login });
    return page;
  }

  /** A client outside of the browser, over TCP. */
  async function outside(version: 4 | 5): Promise<MqttJsClient> {
    const clientId = name('outside');
    const client = await MqttJsClient.connect(broker().address('mqtt'), {
      protocolVersion: version,
      clientId,
      username: USER,
      password: hmacPassword(SECRET_KEY, clientId),
    });
    clients.push(client);
    return client;
  }

  for (const scheme of ['ws', 'wss'] as const) {
    for (const { name: versionName, version } of VERSIONS) {
      it(`signs in, publishes and subscribes on ${versionName} over ${scheme}://`, async () => {
        const topic = name('page/t');
        const other = await outside(version);
        await other.client.subscribeAsync(`${topic}/out`, { qos: 2 });
        const page = await browserClient(scheme, version);
        await page.shows('connected');
        for (const qos of LEVELS) {
          const filter = `${topic}/in/${String(qos)}`;
          await page.submit('subscribe', { filter, qos: String(qos) });
          await page.shows(`subscribed to ${filter} at QoS ${String(qos)}`);
        }
        for (const qos of LEVELS) {
          const message = `grüße ${String(qos)}`;
          await page.submit('publish', { topic: `${topic}/out`, message, qos: String(qos) });
          await page.shows(`sent ${topic}/out QoS ${String(qos)}: ${message}`);
          await other.client.publishAsync(`${topic}/in/${String(qos)}`, message, { qos });
          await page.shows(`received ${topic}/in/${String(qos)} QoS ${String(qos)}: ${message}`);
        }
        const received = await other.received(LEVELS.length);
        expect(received.map(({ qos, payload }) => [qos, payload.toString()])).to.deep.equal(
          LEVELS.map((qos) => [qos, `grüße ${String(qos)}`]),
        );
        await page.submit('disconnect');
        await page.shows('closed');
      });

      it(`takes a message of 500 kB to another page on ${versionName} over ${scheme}://`, async () => {
        const topic = name('page/t');
        const message = '0123456789'.repeat(50_000);
        const receiver = await browserClient(scheme, version);
        await receiver.shows('connected');
        await receiver.submit('subscribe', { filter: topic, qos: '1' });
        await receiver.shows(`subscribed to ${topic} at QoS 1`);
        const sender = await browserClient(scheme, version);
        await sender.shows('connected');
        await sender.submit('publish', { topic, message, qos: '1' });
        await receiver.shows(`received ${topic} QoS 1: ${message}`);
      });
    }
  }

  for (const { name: versionName, version } of VERSIONS) {
    it(`is told on ${versionName} that its secret key is wrong`, async () => {
      const page = await browserClient('ws', version, { secretKey: 'guess' });
      await page.shows(/^error: Connection refused: (Bad user ?name or password|Not authorized)$/i);
      await page.shows('closed');
    });
  }

  it('gives a page its messages in order', async () => {
    const topic = name('page/t');
    const page = await browserClient('ws', 5);
    await page.shows('connected');
    await page.submit('subscribe', { filter: topic, qos: '1' });
    await page.shows(`subscribed to ${topic} at QoS 1`);
    const other = await outside(5);
    const messages = Array.from({ length: 200 }, (_, i) => `message ${String(i)}`);
    await Promise.all(messages.map((text) => other.client.publishAsync(topic, text, { qos: 1 })));
    await page.shows(`received ${topic} QoS 1: message 199`);
    const lines = (await page.lines()).filter((line) => line.startsWith('received'));
    expect(lines).to.deep.equal(messages.map((text) => `received ${topic} QoS 1: ${text}`));
  });
});
