import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Cluster } from '../helpers/cluster.ts';
import { isBuildCurrent } from '../helpers/compiled.ts';
import { freePort } from '../helpers/free-port.ts';
import { Random } from '../helpers/random.ts';
import { TcpProxy, type LinkQuality } from '../helpers/tcp-proxy.ts';
import { ClusterLoad, report } from './cluster-load.ts';
import type { ClusterFault } from './cluster-world.ts';

/** 20 for the full count. */
const FAULTS = Number(process.env['LMQTT_TEST_CLUSTER_FAULTS'] ?? 1);
const CLIENTS = Number(process.env['LMQTT_TEST_CLUSTER_CLIENTS'] ?? 40);
const LEASE_MS = Number(process.env['LMQTT_TEST_CLUSTER_LEASE_MS'] ?? 2_000);
/** How long a bad link lasts that everybody lives with. */
const BAD_MS = 1_500;
/** All addresses of 127.0.0.0/8 are this machine's on Linux only. */
const STORE_AS_SEEN = '127.0.0.2';

type LinkFault = (proxy: TcpProxy) => ClusterFault;

const FAULTS_OF_A_LINK: Record<string, LinkFault> = {
  'connections reset (RST)': (proxy) => cut(proxy, 'RST'),
  'connections closed (FIN)': (proxy) => cut(proxy, 'FIN'),
  'delayed by 200 ms': (proxy) => degrade(proxy, { delayMs: 200 }, BAD_MS),
  'delayed by 2 s': (proxy) => degrade(proxy, { delayMs: 2_000 }, 2 * LEASE_MS),
  'throttled to 64 KiB/s': (proxy) => degrade(proxy, { bytesPerSecond: 65_536 }, BAD_MS),
  'black hole for twice the lease': (proxy) => degrade(proxy, { isBlackHole: true }, 2 * LEASE_MS),
};

describe(`crash: a bad network in a cluster, ${CLIENTS} persistent clients`, function () {
  this.timeout(300_000 + FAULTS * 120_000);
  let proxies: Proxies | undefined;
  let cluster: Cluster | undefined;

  before('start the cluster', async function () {
    if (process.platform !== 'linux') {
      console.log(`      skipped: ${STORE_AS_SEEN} is no address here`);
      this.skip();
    }
    [cluster, proxies] = await startBehindProxies();
  });

  after('stop the cluster', async () => {
    await cluster?.dispose();
    await Promise.all(Object.values(proxies ?? {}).map((proxy: TcpProxy) => proxy.stop()));
  });

  for (const [link, between] of [
    ['store', 'gateways and store'],
    ['namesrvOfGateways', 'gateways and name server'],
    ['namesrvOfStore', 'store and name server'],
  ] as const) {
    it(`${between}, each fault ${FAULTS} times: nothing is lost, repeated at QoS 2 or out of order [MQTT-4.3.2-1] [MQTT-4.3.3-1] [MQTT-4.6.0-1]`, async () => {
      const random = Random.fromEnvironment();
      console.log(`      LMQTT_TEST_SEED=${random.seed}`);
      const load = new ClusterLoad(cluster!, random, `network-${link}`, CLIENTS);
      try {
        await load.start();
        for (const [name, fault] of Object.entries(FAULTS_OF_A_LINK)) {
          const recoveries: number[] = [];
          const before = load.acknowledged;
          const started = performance.now();
          for (let i = 0; i < FAULTS && load.world.violations.length === 0; i++) {
            recoveries.push(await load.survive(fault(proxies![link])));
          }
          console.log(`      ${name}`);
          const seconds = (performance.now() - started) / 1000;
          report(load.acknowledged - before, seconds, load.takeRate(), recoveries);
        }
        await load.finish();
        expect(load.world.violations).to.deep.equal([]);
      } finally {
        load.end();
      }
      // It was in the way.
      expect(proxies![link].connections).to.be.greaterThan(0);
    });
  }
});

interface Proxies {
  readonly store: TcpProxy;
  readonly namesrvOfGateways: TcpProxy;
  readonly namesrvOfStore: TcpProxy;
}

/** A cluster in which every connection between two roles goes through one of the proxies. */
async function startBehindProxies(): Promise<[Cluster, Proxies]> {
  const namesrvPort = await freePort();
  const namesrv = { host: '127.0.0.1', port: namesrvPort };
  const namesrvOfGateways = await TcpProxy.start(namesrv);
  const namesrvOfStore = await TcpProxy.start(namesrv);
  const cluster = await Cluster.create({
    leaseMs: LEASE_MS,
    compiled: isBuildCurrent(),
    namesrvPorts: [namesrvPort],
    gatewayEnvironment: {
      LMQTT_CLUSTER_NAMESRV_ADDR: `127.0.0.1:${String(namesrvOfGateways.port)}`,
    },
    storeEnvironment: {
      LMQTT_CLUSTER_NAMESRV_ADDR: `127.0.0.1:${String(namesrvOfStore.port)}`,
      // The gateways are told the port of the store with it.
      LMQTT_LMQ_BROKER_IP1: STORE_AS_SEEN,
    },
  });
  const { store } = cluster;
  const proxies = {
    store: await TcpProxy.start(store, STORE_AS_SEEN, store.port),
    namesrvOfGateways,
    namesrvOfStore,
  };
  try {
    await cluster.launch();
  } catch (error) {
    await cluster.dispose();
    throw error;
  }
  return [cluster, proxies];
}

function cut(proxy: TcpProxy, how: 'FIN' | 'RST'): ClusterFault {
  return {
    begin: async () => {
      proxy.cut(how);
    },
    end: async () => undefined,
  };
}

/** The link is bad for a time. */
function degrade(proxy: TcpProxy, quality: LinkQuality, milliseconds: number): ClusterFault {
  return {
    begin: async () => {
      proxy.quality = quality;
      await sleep(milliseconds);
    },
    end: async () => {
      proxy.quality = {};
    },
  };
}
