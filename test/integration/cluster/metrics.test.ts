import { expect } from 'chai';
import { Cluster, type ClusterNode } from '../../helpers/cluster.ts';
import { isBuildCurrent } from '../../helpers/compiled.ts';
import { eventually } from '../../helpers/eventually.ts';
import { valuesOf } from '../../unit/admin/admin-world.ts';
import { Clients, PERSISTENT } from './clients.ts';

const TOKEN = 'a token of the cluster';
const LEASE_MS = 2000;

describe('cluster: metrics and health of name server and store', function () {
  this.timeout(180_000);
  let cluster: Cluster;
  const clients = new Clients();

  before(async () => {
    cluster = await Cluster.start({
      gateways: 2,
      compiled: isBuildCurrent(),
      leaseMs: LEASE_MS,
      environment: { LMQTT_CLUSTER_TOKEN: TOKEN },
      storeEnvironment: exporter('LMQ'),
      namesrvEnvironment: exporter('NAMESRV'),
    });
  });
  afterEach(() => clients.end());
  after(() => cluster.dispose());

  it('tell who is there, and what has been written', async () => {
    const publisher = await clients.connect(cluster.gateway(0), 'publisher', PERSISTENT);
    await publisher.mqtt.publishAsync('metrics/1', 'x', { qos: 1 });
    const store = await scrape(cluster.store);
    expect(store.get('lmqtt_store_attached_nodes')).to.equal(2);
    expect(store.get('lmqtt_store_leases_expired_total')).to.equal(0);
    expect(store.get('lmqtt_store_claims')).to.be.greaterThan(0);
    expect(store.get('lmqtt_store_batches_total')).to.be.greaterThan(0);
    expect(store.get('lmqtt_store_records_appended_total')).to.be.greaterThan(0);
    const namesrv = await eventually(
      'both gateways',
      async () => {
        const values = await scrape(cluster.namesrvs[0]!);
        return values.get('lmqtt_namesrv_gateways') === 2 ? values : undefined;
      },
      10_000,
    );
    expect(namesrv.get('lmqtt_namesrv_stores')).to.equal(1);
    expect(namesrv.get('lmqtt_namesrv_watches')).to.equal(3);
    expect(namesrv.get('lmqtt_namesrv_kv_entries')).to.be.greaterThan(0);
    for (const node of [cluster.store, cluster.namesrvs[0]!]) {
      expect((await get(node, '/readyz')).status).to.equal(200);
    }
  });

  it('count gateways that die, and nodes without the token', async () => {
    const gateway = cluster.gateway(1);
    await gateway.crash();
    await eventually(
      'the end of its lease',
      async () => (await scrape(cluster.store)).get('lmqtt_store_leases_expired_total') === 1,
      LEASE_MS * 10,
      100,
    );
    expect((await scrape(cluster.store)).get('lmqtt_store_attached_nodes')).to.equal(1);
    gateway.launch({ LMQTT_CLUSTER_TOKEN: 'another one' });
    await eventually(
      'refused calls',
      async () =>
        ((await scrape(cluster.namesrvs[0]!)).get('lmqtt_node_calls_refused_total') ?? 0) > 0,
      60_000,
      100,
    );
    await eventually(
      'the warning',
      () => gateway.output.includes('name server refuses this node'),
      60_000,
      100,
    );
    expect(gateway.output.split('name server refuses this node'), 'said once').to.have.length(2);
  });
});

function exporter(conf: string): Readonly<Record<string, string>> {
  return {
    [`LMQTT_${conf}_ENABLE_PROMETHEUS`]: 'true',
    [`LMQTT_${conf}_EXPORTER_PORT`]: '0',
  };
}

function get(node: ClusterNode, path: string): Promise<Response> {
  return fetch(`http://${node.ready('metrics') ?? ''}${path}`);
}

async function scrape(node: ClusterNode): Promise<Map<string, number>> {
  return valuesOf(await (await get(node, '/metrics')).text());
}
