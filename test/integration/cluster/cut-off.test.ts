import { expect } from 'chai';
import { Cluster, type ClusterNode } from '../../helpers/cluster.ts';
import { isBuildCurrent } from '../../helpers/compiled.ts';
import { eventually } from '../../helpers/eventually.ts';
import { TcpProxy } from '../../helpers/tcp-proxy.ts';
import { Clients, PERSISTENT } from './clients.ts';
import { helloOf } from './hello-of.ts';
import { Placement, tableOf } from './placement.ts';

const LEASE_MS = Number(process.env['LMQTT_TEST_CLUSTER_LEASE_MS'] ?? 6_000);
/** What the processes may be late by on a busy machine. */
const LATE_MS = 60_000;
/** All addresses of 127.0.0.0/8 are this machine's on Linux only. */
const STORES_AS_SEEN = '127.0.0.2';
const SILENT = 1;
const HEARD = 0;

describe('cluster: a gateway is cut off from one of two stores for longer than its lease', function () {
  this.timeout(300_000);
  let cluster: Cluster;
  let proxies: TcpProxy[];
  let placement: Placement;
  const clients = new Clients();

  before(async function () {
    if (process.platform !== 'linux') this.skip();
    cluster = await Cluster.create({
      compiled: isBuildCurrent(),
      stores: 2,
      leaseMs: LEASE_MS,
      // The gateways are told the port of the store with it.
      storeEnvironment: { LMQTT_LMQ_BROKER_IP1: STORES_AS_SEEN },
      gatewayEnvironment: {
        LMQTT_CONNECT_ENABLE_PROMETHEUS: 'true',
        LMQTT_CONNECT_EXPORTER_PORT: '0',
      },
    });
    proxies = await Promise.all(
      cluster.stores.map((store) => TcpProxy.start(store, STORES_AS_SEEN, store.port)),
    );
    await cluster.launch();
    placement = new Placement(tableOf(cluster));
  });
  afterEach(() => clients.end());
  after(async () => {
    await cluster.dispose();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  });

  function health(node: ClusterNode, path: string): Promise<Response> {
    return fetch(`http://${node.ready('metrics') ?? ''}${path}`);
  }

  async function ready(node: ClusterNode): Promise<readonly [number, string]> {
    const response = await health(node, '/readyz');
    return [response.status, await response.text()];
  }

  it('closes the connections of clients at home there before another gateway gets them [MQTT-3.1.4-2] [MQTT-4.3.3-1]', async () => {
    const [cutOff, other] = [cluster.gateway(0), cluster.gateway(1)];
    const id = placement.clientId(SILENT, 'moves-');
    const topics = [placement.topic(SILENT, 'cut/a'), placement.topic(HEARD, 'cut/b')];
    const first = await clients.connect(cutOff, id, PERSISTENT);
    // It acknowledges nothing, and reads on no further: what it gets stays in flight.
    first.mqtt.handleMessage = () => undefined;
    await first.mqtt.subscribeAsync(topics, { qos: 2 });
    const told = await clients.connect(cutOff, placement.clientId(SILENT, 'told-'));
    const stays = await clients.connect(cutOff, placement.clientId(HEARD, 'stays-'), PERSISTENT);
    const publisher = await clients.connect(other, placement.clientId(HEARD, 'publisher-'));
    for (const topic of topics) await publisher.mqtt.publishAsync(topic, 'in flight', { qos: 1 });
    await first.payloadsOf(1);
    expect(await ready(cutOff)).to.deep.equal([200, 'ready\n']);

    let closedAt = Infinity;
    first.mqtt.once('close', () => (closedAt = performance.now()));
    proxies[SILENT]!.quality = { isBlackHole: true, onlyWith: helloOf(cutOff) };
    await eventually('the store is away', async () => (await ready(cutOff))[0] === 503, LATE_MS);
    expect((await ready(cutOff))[1]).to.equal('not ready\nstore store2: not connected\n');
    expect((await health(cutOff, '/healthz')).status).to.equal(200);
    expect((await ready(other))[0]).to.equal(200);

    const second = await eventually(
      'the session at the other gateway',
      () => clients.connect(other, id, PERSISTENT).catch(() => undefined),
      2 * LATE_MS,
    );
    expect(closedAt, 'closed before').to.be.below(performance.now());
    await eventually('a farewell', () => told.disconnect?.reasonCode === 0x89);
    expect(second.sessionPresent).to.equal(true);
    await second.payloadsOf(2);
    const seen = first.received.length;

    // The gateway goes on for clients of the other store, and has none for those of this one.
    await publisher.mqtt.publishAsync(topics[1]!, 'meanwhile', { qos: 2 });
    await second.payloadsOf(3);
    expect(stays.mqtt.connected).to.equal(true);
    const refused = await clients
      .connect(cutOff, placement.clientId(SILENT, 'refused-'))
      .catch((error: unknown) => String(error));
    expect(refused).to.be.a('string').that.includes('Server unavailable');

    proxies[SILENT]!.quality = {};
    await eventually(
      'the gateway is ready',
      async () => {
        const [status] = await ready(cutOff).catch(() => [0]);
        return status === 200;
      },
      LATE_MS,
      200,
    );
    const again = await eventually(
      'a client at home there',
      () => clients.connect(cutOff, placement.clientId(SILENT, 'again-')).catch(() => undefined),
      LATE_MS,
      200,
    );
    await again.mqtt.publishAsync(topics[0]!, 'after', { qos: 2 });
    await second.payloadsOf(4);
    expect(second.mqtt.connected).to.equal(true);
    expect(second.payloads.filter((payload) => payload === 'meanwhile')).to.have.length(1);
    expect(first.received, 'nothing more at the former connection').to.have.length(seen);
  });
});
