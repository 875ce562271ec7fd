import { expect } from 'chai';
import { Cluster } from '../helpers/cluster.ts';
import { isBuildCurrent } from '../helpers/compiled.ts';
import { Random } from '../helpers/random.ts';
import { ClusterLoad, report } from './cluster-load.ts';
import { kill, pause, type ClusterFault } from './cluster-world.ts';

/** 20 for the full count. */
const FAULTS = Number(process.env['LMQTT_TEST_CLUSTER_FAULTS'] ?? 2);
const CLIENTS = Number(process.env['LMQTT_TEST_CLUSTER_CLIENTS'] ?? 40);
const LEASE_MS = 2_000;
const TIMEOUT_MS = 300_000 + FAULTS * 120_000;

type Faults = Readonly<Record<string, (cluster: Cluster) => ClusterFault>>;

const GATEWAY_FAULTS: Faults = {
  'SIGKILL of the gateway of the publishers': (cluster) => kill(cluster.gateway(0)),
  'SIGKILL of the gateway of the subscribers': (cluster) => kill(cluster.gateway(1)),
  'SIGSTOP of a gateway for longer than its lease': (cluster) =>
    pause(cluster.gateway(1), LEASE_MS * 2),
};

underFaults(1, {
  ...GATEWAY_FAULTS,
  'SIGKILL of the store': (cluster) => kill(cluster.store),
  'SIGKILL of the name server': (cluster) => kill(cluster.namesrvs[0]!),
});
underFaults(2, {
  ...GATEWAY_FAULTS,
  'SIGKILL of the first store': (cluster) => kill(cluster.stores[0]!),
  'SIGKILL of the second store': (cluster) => kill(cluster.stores[1]!),
  'SIGKILL of the name server': (cluster) => kill(cluster.namesrvs[0]!),
});

function underFaults(stores: number, faults: Faults): void {
  const what = stores === 1 ? 'a cluster' : `a cluster of ${stores} stores`;
  describe(`crash: ${what} under load, ${CLIENTS} persistent clients`, function () {
    this.timeout(TIMEOUT_MS);
    let cluster: Cluster;

    before('start the cluster', async () => {
      cluster = await Cluster.start({ leaseMs: LEASE_MS, compiled: isBuildCurrent(), stores });
    });

    after('stop the cluster', () => cluster.dispose());

    for (const [name, fault] of Object.entries(faults)) {
      it(`${name}, ${FAULTS} times: nothing is lost, repeated at QoS 2 or out of order [MQTT-4.3.2-1] [MQTT-4.3.3-1] [MQTT-4.6.0-1]`, async () => {
        const random = Random.fromEnvironment();
        console.log(`      LMQTT_TEST_SEED=${random.seed}`);
        const load = new ClusterLoad(cluster, random, name.replaceAll(' ', '-'), CLIENTS);
        try {
          await load.start();
          const recoveries: number[] = [];
          const started = performance.now();
          for (let i = 0; i < FAULTS && load.world.violations.length === 0; i++) {
            recoveries.push(await load.survive(fault(cluster)));
          }
          const seconds = (performance.now() - started) / 1000;
          const acknowledged = await load.finish();
          expect(load.world.violations).to.deep.equal([]);
          report(acknowledged, seconds, load.takeRate(), recoveries);
        } finally {
          load.end();
        }
      });
    }
  });
}
