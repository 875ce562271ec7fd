import { expect } from 'chai';
import { Cluster } from '../../helpers/cluster.ts';
import { isBuildCurrent } from '../../helpers/compiled.ts';
import { eventually } from '../../helpers/eventually.ts';
import { Clients, PERSISTENT, type TestClient } from './clients.ts';

const CLIENTS = 50;
const DRAIN_MS = 1500;
const STOP_MS = 10_000;

describe('cluster: drain of a gateway', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  const clients = new Clients();

  before(async () => {
    cluster = await Cluster.start({
      compiled: isBuildCurrent(),
      leaseMs: 60_000,
      gatewayEnvironment: {
        LMQTT_CONNECT_DRAIN_TIME_MS: String(DRAIN_MS),
        LMQTT_CONNECT_SERVER_REFERENCE: 'other.example:1883',
      },
    });
  });
  afterEach(() => clients.end());
  after(() => cluster.dispose());

  it('sends its clients away over its time with their sessions free, and ends within its limit', async () => {
    const drained: TestClient[] = [];
    const closedAt: number[] = [];
    for (let i = 0; i < CLIENTS; i++) {
      const client = await clients.connect(cluster.gateway(0), `drain-${String(i)}`, PERSISTENT);
      await client.mqtt.subscribeAsync(`drain/${String(i)}`, { qos: 1 });
      client.mqtt.once('close', () => closedAt.push(performance.now()));
      drained.push(client);
    }
    const old = await clients.connect(cluster.gateway(0), 'drain-311', { protocolVersion: 4 });
    const began = performance.now();
    const stopped = cluster.gateway(0).stop();
    await eventually('all connections closed', () => closedAt.length === CLIENTS, STOP_MS);
    await stopped;
    expect(performance.now() - began).to.be.below(STOP_MS);
    expect(Math.max(...closedAt) - Math.min(...closedAt)).to.be.above(DRAIN_MS / 2);
    for (const { disconnect } of drained) {
      expect(disconnect).to.deep.equal({
        reasonCode: 0x9c,
        serverReference: 'other.example:1883',
      });
    }
    expect(old.mqtt.connected).to.equal(false);

    // The lease is a minute: only what was released is free.
    const began2 = performance.now();
    const publisher = await clients.connect(cluster.gateway(1), 'drain-pub');
    for (let i = 0; i < CLIENTS; i++) {
      await publisher.mqtt.publishAsync(`drain/${String(i)}`, 'new home', { qos: 1 });
      const again = await clients.connect(cluster.gateway(1), `drain-${String(i)}`, PERSISTENT);
      expect(again.sessionPresent).to.equal(true);
      expect(await again.payloadsOf(1)).to.deep.equal(['new home']);
    }
    expect(performance.now() - began2).to.be.below(50_000);
  });

  it('leaves with the code of a shutdown when no other server is configured', async () => {
    const gateway = cluster.gateway(0);
    await gateway.start({ LMQTT_CONNECT_SERVER_REFERENCE: '', LMQTT_CONNECT_DRAIN_TIME_MS: '0' });
    const client = await clients.connect(gateway, 'plain');
    await gateway.stop();
    await eventually('DISCONNECT', () => client.disconnect);
    expect(client.disconnect).to.deep.equal({ reasonCode: 0x8b, serverReference: undefined });
  });
});
