import type { ConfSpec } from '../../common/config/conf-spec.ts';
import { flag, integer, port, text } from '../../common/config/key-schema.ts';
import { type ExporterConf, exporterKeys } from './exporter-keys.ts';

/** Keys of `lmq.conf` for the store as a process of its own. */
export interface StoreServerConf extends ExporterConf {
  brokerName: string;
  topics: string;
  listenHost: string;
  listenPort: number;
  brokerIP1: string;
  nodeLeaseMs: number;
  stopTimeoutMs: number;
  backupPath: string;
  enableStoreAdmin: boolean;
}

export const storeServerKeys: ConfSpec<StoreServerConf>['keys'] = {
  brokerName: text({
    default: 'lmq-a',
    minLength: 1,
    description:
      'Role lmq: name of this store in the cluster. Each store has its own; it stays with the data.',
  }),
  topics: text({
    default: '',
    description:
      'Role lmq: first topic levels that this store serves by name, separated by commas; other stores get none of them. Empty: it serves all that no store serves by name. Counts at the moment when mqadmin foundStores or addStore takes the store in.',
  }),
  listenHost: text({
    default: '127.0.0.1',
    minLength: 1,
    description:
      'Role lmq: address to listen on for gateways. Any other than loopback needs TLS or a token in cluster.conf.',
  }),
  listenPort: port({
    default: 10921,
    description: 'Role lmq: port to listen on for gateways. 0 takes a free one.',
  }),
  brokerIP1: text({
    default: '',
    description:
      'Role lmq: host that the name servers tell the gateways. Empty: listenHost, or the name of the machine when that is every address.',
  }),
  nodeLeaseMs: integer({
    default: 10_000,
    minimum: 500,
    maximum: 600_000,
    unit: 'ms',
    description:
      'Role lmq: a gateway that has been silent for this long counts as dead: others get its sessions and see to its wills. Role gateway: how long it asks for; the shorter one holds.',
  }),
  stopTimeoutMs: integer({
    default: 10_000,
    minimum: 100,
    maximum: 600_000,
    unit: 'ms',
    description:
      'Role lmq: time to save everything on stop before the process gives up. Standalone: see connect.conf.',
  }),
  backupPath: text({
    default: 'backup',
    minLength: 1,
    description:
      'Directory that mqadmin backupStore puts its copies in, relative to the data directory.',
  }),
  enableStoreAdmin: flag({
    default: false,
    description:
      'Standalone, one process: serves mqadmin backupStore and consumerProgress at listenHost and listenPort, to who has the token or certificate of cluster.conf. Role lmq always does.',
  }),
  ...exporterKeys('lmq', 9091),
};
