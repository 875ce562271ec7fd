import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect } from 'chai';
import mqtt, { type MqttClient } from 'mqtt';
import { namesOf, valuesOf } from '../unit/admin/admin-world.ts';
import { metricTable } from '../../src/admin/metric-table.ts';
import { eventually } from '../helpers/eventually.ts';
import { MqttSh, type Outcome } from './mqtt-sh.ts';

const MESSAGES = 50;
const PAYLOAD = Buffer.alloc(1000, 'x');

describe('metrics of the running program', function () {
  this.timeout(120_000);
  let sh: MqttSh;
  let started: Outcome;
  const clients: MqttClient[] = [];

  before(async () => {
    sh = await MqttSh.create({
      LMQTT_CONNECT_ENABLE_PROMETHEUS: 'true',
      LMQTT_CONNECT_EXPORTER_PORT: '0',
      LMQTT_CONNECT_SESSION_FLUSH_INTERVAL_MS: '60000',
      // They are messages too.
      LMQTT_CONNECT_CLIENT_EVENTS: 'off',
    });
    started = await sh.run(['start']);
    expect(started.code, started.stderr).to.equal(0);
  });
  after(async () => {
    await Promise.all(clients.map((client) => client.endAsync(true)));
    await sh.dispose();
  });

  const get = (path: string) => fetch(`http://${sh.ready('metrics') ?? ''}${path}`);

  async function scrape(): Promise<Map<string, number>> {
    return valuesOf(await (await get('/metrics')).text());
  }

  async function connect(clientId: string, clean: boolean): Promise<MqttClient> {
    const client = await mqtt.connectAsync({
      host: '127.0.0.1',
      port: sh.mqttPort,
      reconnectPeriod: 0,
      clientId,
      clean,
    });
    clients.push(client);
    return client;
  }

  it('are served where start says that they are', async () => {
    const url = /^ {2}metrics {6}(http:\/\/127\.0\.0\.1:\d+\/metrics)$/m.exec(started.stdout)?.[1];
    expect(url, started.stdout).to.be.a('string');
    const body = await (await fetch(url!)).text();
    expect(namesOf(body)).to.include.members(metricTable.map(({ name }) => name));
    expect(body).to.match(/^process_cpu_seconds_total /m);
  });

  it('are the numbers of what has happened', async () => {
    const before = await scrape();
    const subscriber = await connect('metrics-subscriber', false);
    let received = 0;
    subscriber.on('message', () => received++);
    await subscriber.subscribeAsync(['m/#', 'm/1'], { qos: 1 });
    const publisher = await connect('metrics-publisher', true);
    for (let i = 0; i < MESSAGES; i++) {
      await publisher.publishAsync('m/1', PAYLOAD, { qos: 1 });
    }
    await eventually('both subscriptions to have all', () => received === 2 * MESSAGES);
    const after = await scrape();
    const grown = (name: string): number => (after.get(name) ?? NaN) - (before.get(name) ?? NaN);

    expect(after.get('lmqtt_connections')).to.equal(2);
    expect(after.get('lmqtt_sessions')).to.equal(2);
    expect(after.get('lmqtt_subscriptions')).to.equal(2);
    // Of both filters, and the queue of the persistent session's client.
    expect(after.get('lmqtt_store_open_queues')).to.equal(3);
    expect(after.get('lmqtt_sessions_dirty')).to.equal(1);
    expect(grown('lmqtt_connections_accepted_total')).to.equal(2);
    expect(grown('lmqtt_messages_received_total')).to.equal(MESSAGES);
    expect(grown('lmqtt_messages_sent_total')).to.equal(2 * MESSAGES);
    expect(grown('lmqtt_store_records_appended_total')).to.equal(MESSAGES);
    const bytes = MESSAGES * PAYLOAD.length;
    expect(grown('lmqtt_received_bytes_total')).to.be.within(bytes, bytes * 1.2);
    expect(grown('lmqtt_sent_bytes_total')).to.be.within(2 * bytes, 2.4 * bytes);
    expect(grown('lmqtt_store_appended_bytes_total')).to.be.within(bytes, bytes * 1.2);
    expect(grown('lmqtt_store_commits_total')).to.be.at.least(MESSAGES);
    expect(after.get('lmqtt_store_tail_bytes')).to.be.at.least(bytes);
    expect(after.get('lmqtt_store_backlog_bytes')).to.be.within(0, 10_000);
    expect(after.get('lmqtt_store_writable')).to.equal(1);
    expect(after.get('lmqtt_protocol_errors_total')).to.equal(0);
  });

  it('follow connections that go', async () => {
    await Promise.all(clients.splice(0).map((client) => client.endAsync()));
    await eventually('no connections', async () => (await scrape()).get('lmqtt_connections') === 0);
    const values = await scrape();
    expect(values.get('lmqtt_sessions')).to.equal(0);
    expect(values.get('lmqtt_sessions_dirty')).to.equal(0);
    expect(values.get('lmqtt_subscriptions')).to.equal(0);
  });

  it('name neither clients nor topics', async () => {
    const body = await (await get('/metrics')).text();
    expect(body).to.not.include('metrics-publisher');
    expect(body).to.not.include('m/1');
  });

  it('come with health', async () => {
    for (const path of ['/readyz', '/healthz', '/-/healthy', '/']) {
      expect((await get(path)).status, path).to.equal(200);
    }
  });

  it('stop the start, with the address, when their port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const second = await MqttSh.create({
      LMQTT_CONNECT_ENABLE_PROMETHEUS: 'true',
      LMQTT_CONNECT_EXPORTER_PORT: String(port),
    });
    try {
      const { code, stderr } = await second.run(['start']);
      expect(code).to.equal(1);
      expect(stderr).to.match(new RegExp(`cannot listen on 127\\.0\\.0\\.1:${String(port)}: `));
    } finally {
      other.close();
      await second.dispose();
    }
  });

  it('are off unless configured', async () => {
    const plain = await MqttSh.create();
    try {
      const { code, stdout } = await plain.run(['start']);
      expect(code).to.equal(0);
      expect(stdout).to.not.include('metrics');
      expect(plain.ready('metrics')).to.equal(undefined);
    } finally {
      await plain.dispose();
    }
  });
});
