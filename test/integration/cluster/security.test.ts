import { expect } from 'chai';
import { TestAuthority } from '../../helpers/certificates.ts';
import { Cluster, type ClusterNode } from '../../helpers/cluster.ts';
import { isBuildCurrent } from '../../helpers/compiled.ts';
import { eventually } from '../../helpers/eventually.ts';
import { makeTempDir, removeTempDir } from '../../helpers/temp-dir.ts';
import { Clients } from './clients.ts';

const compiled = isBuildCurrent();

describe('cluster: security between the nodes', function () {
  this.timeout(120_000);
  const clients = new Clients();
  let directory: string;
  let cluster: Cluster | undefined;

  beforeEach(async () => {
    directory = await makeTempDir();
  });
  afterEach(async () => {
    await clients.end();
    await cluster?.dispose();
    cluster = undefined;
    await removeTempDir(directory);
  });

  /** What a node says that does not come up. */
  async function refusal(node: ClusterNode, variables: Record<string, string>): Promise<string> {
    node.launch(variables);
    await eventually(`the end of ${node.name}`, () => !node.alive, 30_000);
    return node.output;
  }

  it('refuses to listen where others can reach it without TLS and token', async () => {
    cluster = await Cluster.create({ gateways: 0, compiled });
    const [namesrv] = cluster.namesrvs as [ClusterNode];
    const { store } = cluster;
    const [ofNamesrv, ofStore] = await Promise.all([
      refusal(namesrv, { LMQTT_NAMESRV_RPC_HOST: '0.0.0.0' }),
      refusal(store, { LMQTT_LMQ_LISTEN_HOST: '0.0.0.0' }),
    ]);
    expect(ofNamesrv).to.match(/^lmqtt: namesrv\.conf: rpcHost 0\.0\.0\.0 is not loopback/m);
    expect(ofStore).to.match(/^lmqtt: lmq\.conf: listenHost 0\.0\.0\.0 is not loopback/m);
    await namesrv.start({ LMQTT_NAMESRV_RPC_HOST: '0.0.0.0', LMQTT_CLUSTER_INSECURE: 'true' });
  });

  it('runs on mutual TLS and a token, and lets nobody in without them', async () => {
    const authority = new TestAuthority(directory);
    const { cert, key } = authority.server();
    cluster = await Cluster.create({
      compiled,
      environment: {
        LMQTT_CLUSTER_TLS_CA_FILE: authority.caFile,
        LMQTT_CLUSTER_TLS_CERT_FILE: cert,
        LMQTT_CLUSTER_TLS_KEY_FILE: key,
        LMQTT_CLUSTER_TOKEN: 'of the cluster',
      },
    });
    const nodes = [...cluster.namesrvs, cluster.store, cluster.gateway(0)];
    for (const node of nodes) node.launch();
    await Promise.all(nodes.map((node) => node.untilReady()));
    const [good, bad] = [cluster.gateway(0), cluster.gateway(1)];
    const client = await clients.connect(good, 'secured');
    await client.mqtt.subscribeAsync('secure/t', { qos: 1 });
    await client.mqtt.publishAsync('secure/t', 'through', { qos: 1 });
    expect(await client.payloadsOf(1)).to.deep.equal(['through']);

    bad.launch({ LMQTT_CLUSTER_TOKEN: 'a guess', LMQTT_SERVICE_LOG_LEVEL: 'debug' });
    await eventually(
      'a line that says why',
      () => /token of the cluster is missing or wrong/.test(bad.output),
      30_000,
    );
    expect(bad.ready('mqtt')).to.equal(undefined);
    await bad.crash();

    bad.launch({
      LMQTT_CLUSTER_TLS_CA_FILE: '',
      LMQTT_CLUSTER_TLS_CERT_FILE: '',
      LMQTT_CLUSTER_TLS_KEY_FILE: '',
    });
    await eventually('its waiting', () => /waiting for a name server/.test(bad.output), 30_000);
    expect(bad.ready('mqtt')).to.equal(undefined);
  });
});
