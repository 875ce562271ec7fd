import { join } from 'node:path';
import { expect } from 'chai';
import { Cluster } from '../helpers/cluster.ts';
import { isBuildCurrent } from '../helpers/compiled.ts';
import { eventually } from '../helpers/eventually.ts';
import { Random } from '../helpers/random.ts';
import { SmallDisk } from '../helpers/small-disk.ts';
import { makeTempDir, removeTempDir } from '../helpers/temp-dir.ts';
import { ClusterLoad, report } from './cluster-load.ts';
import type { ClusterFault } from './cluster-world.ts';

/** 20 for the full count. */
const FAULTS = Number(process.env['LMQTT_TEST_CLUSTER_FAULTS'] ?? 2);
const CLIENTS = Number(process.env['LMQTT_TEST_CLUSTER_CLIENTS'] ?? 40);
const LEASE_MS = 2_000;
/** Of the disk when it begins, and what it grows by. */
const DISK_MB = 64;
const MORE_MB = 16;
/** Room that is left for the load to fill. */
const ROOM_BYTES = 256 * 1024;
const FULL_TIMEOUT_MS = 60_000;
/** EX_IOERR, as docs/operations.md says. */
const EXIT_IO_ERROR = 74;

describe(`crash: a full disk under the store of a cluster, ${CLIENTS} persistent clients`, function () {
  this.timeout(300_000 + FAULTS * 120_000);
  let directory: string;
  let disk: SmallDisk | undefined;
  let cluster: Cluster | undefined;

  before('start the cluster', async function () {
    directory = await makeTempDir('lmqtt-disk-');
    disk = await SmallDisk.mount(join(directory, 'disk'), DISK_MB);
    if (disk === undefined) this.skip();
    cluster = await Cluster.start({
      leaseMs: LEASE_MS,
      compiled: isBuildCurrent(),
      storeEnvironment: {
        LMQTT_DATA_DIR: disk.directory,
        LMQTT_LMQ_WRITE_BUFFER_BYTES: String(4 << 20),
      },
    });
  });

  after('stop the cluster', async () => {
    await cluster?.dispose();
    disk?.unmount();
    await removeTempDir(directory);
  });

  it(`ends the store, ${FAULTS} times; with room it goes on: nothing is lost, repeated at QoS 2 or out of order [MQTT-4.3.2-1] [MQTT-4.3.3-1] [MQTT-4.6.0-1]`, async () => {
    const random = Random.fromEnvironment();
    console.log(`      LMQTT_TEST_SEED=${random.seed}`);
    const load = new ClusterLoad(cluster!, random, 'full-disk', CLIENTS);
    try {
      await load.start();
      const recoveries: number[] = [];
      const started = performance.now();
      for (let i = 0; i < FAULTS && load.world.violations.length === 0; i++) {
        recoveries.push(await load.survive(fullDisk(cluster!, disk!, i % 2 === 0)));
      }
      const seconds = (performance.now() - started) / 1000;
      const acknowledged = await load.finish();
      expect(load.world.violations).to.deep.equal([]);
      report(acknowledged, seconds, load.takeRate(), recoveries);
    } finally {
      load.end();
    }
  });
});

/**
 * The disk is full until the store has ended, and while it is started once more.
 * @param grows the disk becomes larger; else room on it becomes free
 */
function fullDisk({ store }: Cluster, disk: SmallDisk, grows: boolean): ClusterFault {
  return {
    async begin() {
      disk.fill(ROOM_BYTES);
      await eventually('the store ends', () => !store.alive, FULL_TIMEOUT_MS);
      expect(store.exitCode, store.output).to.equal(EXIT_IO_ERROR);
      expect(store.output).to.match(/^lmqtt: .*No space left on device/m);
    },
    async end() {
      // What a supervisor does meanwhile: it ends again, at once or with the first message.
      disk.fill(0);
      store.launch();
      await eventually('the store ends again', () => !store.alive, FULL_TIMEOUT_MS);
      expect(store.exitCode, store.output).to.equal(EXIT_IO_ERROR);
      if (grows) disk.grow(MORE_MB);
      else disk.clear();
      await store.start();
    },
  };
}
