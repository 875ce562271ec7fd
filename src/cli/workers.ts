import { randomBytes } from 'node:crypto';
import { extname, join } from 'node:path';
import { createAdmin } from '../admin/admin.ts';
import { GatewayStats } from '../gateway/gateway-stats.ts';
import type { LmqStore } from '../lmq/spi/lmq-store.ts';
import { createStoreServer } from '../lmq/server/store-server.ts';
import type { RpcCredentials } from '../rpc/credentials.ts';
import { composeNamesrv, type NamesrvPart } from './compose-namesrv.ts';
import { composeStore } from './compose-store.ts';
import { type Composition, partOf, type Role } from './composition.ts';
import { addressText } from './listen-addresses.ts';
import { ServiceGroup } from './service-group.ts';
import { adminOptionsFrom } from './standalone-options.ts';
import { storeRegistration } from './store-registration.ts';
import { WorkerPool } from './worker-pool.ts';

const HOST = '127.0.0.1';
const TOKEN_BYTES = 32;

/**
 * Store and name server in this process, and several others that serve MQTT before them (ADR 471).
 * @param workers how many others
 * @throws ConfigError when the configuration contradicts itself
 */
export function createStandaloneWithWorkers(composition: Composition, workers: number): Role {
  const { config } = composition;
  // Only this process and those that it starts know it.
  const credentials = { token: randomBytes(TOKEN_BYTES).toString('base64url') };
  const store = composeStore(composition);
  const namesrv = composeNamesrv(composition, {
    rpc: { host: HOST, port: 0, credentials },
    registry: {},
  });
  const namesrvAddress = (): string => addressText(HOST, namesrv.namesrv.rpcPort ?? 0);
  const server = createStoreServer({
    store: store.store,
    host: HOST,
    port: 0,
    leaseMs: config.lmq.nodeLeaseMs,
    credentials,
    ...partOf(composition, 'server'),
  });
  const registration = storeRegistration(composition, {
    namesrvs: () => [namesrvAddress()],
    credentials,
    nodeName: 'standalone',
    brokerName: config.lmq.brokerName,
    address: () => server.address,
  });
  const pool = poolOf(composition, workers, credentials, namesrvAddress);
  const admin = adminOf(composition, store.store, namesrv, pool);
  const group = new ServiceGroup(
    [
      ...store.services,
      ...namesrv.services,
      { name: 'store server', service: server },
      { name: 'registration', service: registration },
      { name: 'workers', service: pool },
      ...(admin === undefined ? [] : [{ name: 'metrics', service: admin }]),
    ],
    composition,
    config.connect.stopTimeoutMs,
  );
  return {
    start: () => group.start(),
    stop: () => group.stop(),
    where: () => ({
      ...pool.where,
      namesrv: namesrv.where().namesrv ?? '',
      metrics: admin && addressText(config.connect.exporterHost, admin.port),
    }),
    onFailed: store.onFailed,
  };
}

function poolOf(
  composition: Composition,
  count: number,
  { token = '' }: RpcCredentials,
  namesrvAddress: () => string,
): WorkerPool {
  // The sources, or what was compiled from them.
  const program = `worker-main${extname(import.meta.filename)}`;
  return new WorkerPool({
    count,
    program: join(import.meta.dirname, program),
    args: process.argv.slice(2),
    environment: () => ({
      LMQTT_CLUSTER_NAMESRV_ADDR: namesrvAddress(),
      LMQTT_CLUSTER_TOKEN: token,
      LMQTT_CLUSTER_TOKEN_FILE: '',
      LMQTT_CLUSTER_TLS_CA_FILE: '',
      LMQTT_CLUSTER_TLS_CERT_FILE: '',
      LMQTT_CLUSTER_TLS_KEY_FILE: '',
      LMQTT_CLUSTER_NODE_NAME: '',
      LMQTT_CONNECT_DRAIN_TIME_MS: '0',
      LMQTT_CONNECT_SERVER_REFERENCE: '',
    }),
    ...partOf(composition, 'workers'),
  });
}

function adminOf(
  composition: Composition,
  store: LmqStore,
  { namesrv }: NamesrvPart,
  pool: WorkerPool,
) {
  const { connect } = composition.config;
  if (!connect.enablePrometheus) return undefined;
  return createAdmin({
    ...adminOptionsFrom(connect),
    sources: {
      gateway: new GatewayStats(),
      dirtySessions: () => 0,
      namesrvConnections: () => namesrv.connections,
    },
    others: () => pool.metrics(),
    store,
    isListening: () => pool.isReady,
    ...partOf(composition, 'admin'),
  });
}
