import type { ConfSpec } from '../../common/config/conf-spec.ts';
import { integer, port, text } from '../../common/config/key-schema.ts';
import { type ExporterConf, exporterKeys } from './exporter-keys.ts';

/** `conf/namesrv.conf`: the name server. */
export interface NamesrvConf extends ExporterConf {
  listenHost: string;
  listenPort: number;
  storePath: string;
  maxFrameBytes: number;
  idleTimeoutMs: number;
  maxConnections: number;
  rpcHost: string;
  rpcPort: number;
  registrationRenewMs: number;
  registrationExpiryMs: number;
  stopTimeoutMs: number;
}

export const namesrvConf: ConfSpec<NamesrvConf> = {
  name: 'namesrv',
  title: 'The name server: the table of topics, on the port that mqadmin talks to.',
  keys: {
    listenHost: text({
      default: '127.0.0.1',
      minLength: 1,
      description:
        'Address to listen on. The protocol has no sign-in: keep it to loopback or a trusted network.',
    }),
    listenPort: port({
      default: 9876,
      description: 'Port of the RocketMQ Remoting protocol. 0 takes a free one.',
    }),
    storePath: text({
      default: 'namesrv',
      minLength: 1,
      description: 'Directory of the table (kvConfig.json), relative to the data directory.',
    }),
    maxFrameBytes: integer({
      default: 16 * 1024 * 1024,
      minimum: 4096,
      maximum: 1024 * 1024 * 1024,
      unit: 'bytes',
      description: 'Largest request accepted.',
    }),
    idleTimeoutMs: integer({
      default: 120_000,
      minimum: 1000,
      maximum: 86_400_000,
      unit: 'ms',
      description: 'A connection without a request for this long is closed.',
    }),
    maxConnections: integer({
      default: 1024,
      minimum: 1,
      maximum: 1_000_000,
      unit: 'connections',
      description: 'Most connections at a time; one more is closed at once.',
    }),
    rpcHost: text({
      default: '127.0.0.1',
      minLength: 1,
      description:
        'Role namesrv: address of gRPC, for the gateways and stores of a cluster. Any other than loopback needs TLS or a token in cluster.conf.',
    }),
    rpcPort: port({
      default: 9877,
      description: 'Role namesrv: port of gRPC. 0 takes a free one.',
    }),
    registrationRenewMs: integer({
      default: 30_000,
      minimum: 100,
      maximum: 3_600_000,
      unit: 'ms',
      description: 'Role namesrv: how often stores and gateways are to renew their registration.',
    }),
    registrationExpiryMs: integer({
      default: 120_000,
      minimum: 300,
      maximum: 86_400_000,
      unit: 'ms',
      description:
        'Role namesrv: a store or gateway that has not renewed its registration for this long is dropped; several times registrationRenewMs.',
    }),
    stopTimeoutMs: integer({
      default: 10_000,
      minimum: 100,
      maximum: 600_000,
      unit: 'ms',
      description:
        'Role namesrv: time to save everything on stop before the process gives up. Standalone: see connect.conf.',
    }),
    ...exporterKeys('namesrv', 9092),
  },
  retired: {
    kvConfigPath: 'set storePath, the directory of kvConfig.json',
  },
};
