import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Cluster } from '../../helpers/cluster.ts';
import { isBuildCurrent } from '../../helpers/compiled.ts';
import { eventually } from '../../helpers/eventually.ts';
import { Clients, PERSISTENT, type TestClient } from './clients.ts';
import { Placement, tableOf } from './placement.ts';

const ROUNDS = Number(process.env['LMQTT_TEST_FAR_WILL_ROUNDS'] ?? 3);
const CLIENTS = 60;
const HOME = 0;
const FAR = 1;
/** From the end of the connections to the crash: the wills are at any stage then, ms. */
const LATEST_MS = 40;

describe('cluster: wills in another store than their clients, and crashes in between', function () {
  this.timeout(600_000);
  let cluster: Cluster;
  let placement: Placement;
  let watcher: TestClient;
  const clients = new Clients();
  const watchers = new Clients();
  let sent = 0;

  before(async () => {
    cluster = await Cluster.start({ compiled: isBuildCurrent(), stores: 2, leaseMs: 2_000 });
    placement = new Placement(tableOf(cluster));
    const id = placement.clientId(FAR, 'watcher-');
    watcher = await watchers.connect(cluster.gateway(1), id, { ...PERSISTENT, keepalive: 0 });
    await watcher.mqtt.subscribeAsync('fw/#', { qos: 2 });
  });
  afterEach(() => clients.end());
  after(async () => {
    await watchers.end();
    await cluster.dispose();
  });

  /** Clients with wills of their own lose their connections, and something else its life a moment later. */
  async function round(crash: () => Promise<void>): Promise<void> {
    const payloads = Array.from({ length: CLIENTS }, () => `will ${String(sent++)}`);
    const connected = await Promise.all(
      payloads.map((payload, index) =>
        clients.connect(cluster.gateway(0), placement.clientId(HOME, `dying-${String(index)}-`), {
          will: {
            topic: placement.topic(FAR, `fw/${String(index)}/`),
            payload: Buffer.from(payload),
            qos: 2,
            retain: false,
          },
        }),
      ),
    );
    watcher.received.splice(0);
    for (const { mqtt } of connected) mqtt.stream.destroy();
    await sleep(Math.random() * LATEST_MS);
    await crash();
    await eventually('all wills', () => watcher.received.length >= CLIENTS, 60_000).catch(
      (error: unknown) => {
        const missing = payloads.filter((payload) => !watcher.payloads.includes(payload));
        throw new Error(`missing: ${missing.join(', ')}`, { cause: error });
      },
    );
    await sleep(2_500);
    expect([...watcher.payloads].sort()).to.deep.equal([...payloads].sort());
    await clients.end();
  }

  const VICTIMS = {
    'the gateway': async () => {
      await cluster.gateway(0).crash();
      await cluster.gateway(0).start();
    },
    'the store of the topics': async () => {
      await cluster.stores[FAR]?.crash();
      await cluster.stores[FAR]?.start();
    },
    'the store of the clients': async () => {
      await cluster.stores[HOME]?.crash();
      await cluster.stores[HOME]?.start();
    },
    'the gateway and the store of the topics': async () => {
      await Promise.all([cluster.gateway(0).crash(), cluster.stores[FAR]?.crash()]);
      await cluster.stores[FAR]?.start();
      await cluster.gateway(0).start();
    },
  };
  for (const [victim, crash] of Object.entries(VICTIMS)) {
    it(`${victim} dies: each will is sent once [MQTT-3.1.2-8]`, async () => {
      for (let count = 0; count < ROUNDS; count++) await round(crash);
    });
  }
});
