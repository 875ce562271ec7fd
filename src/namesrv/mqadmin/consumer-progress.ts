import { readFile } from 'node:fs/promises';
import type { Clock } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { RpcCredentials } from '../../rpc/credentials.ts';
import type { QueueProgress, StoreAdminMethods } from '../../rpc/messages/storeadmin-v1.ts';
import { loadService } from '../../rpc/proto.ts';
import { RpcClient } from '../../rpc/rpc-client.ts';
import { RpcError } from '../../rpc/rpc-status.ts';
import type { BrokerDataBody } from '../rocketmq-bodies.ts';
import type { AdminArguments, AdminCommand, AdminOption } from './admin-command.ts';
import { NamesrvFailure } from './namesrv-cluster.ts';
import { textTable } from './text-table.ts';
import { addressOf, brokersOf, clusterInfo } from './topic-commands.ts';

const TIMEOUT_MS = 5_000;

const COLUMNS = [
  { title: '#Topic', width: -64 },
  { title: '#Broker Name', width: -32 },
  { title: '#QID', width: -4 },
  { title: '#Broker Offset', width: -20 },
  { title: '#Consumer Offset', width: -20 },
  { title: '#Diff', width: -20 },
  { title: '#Inflight', width: -20 },
  { title: '#LastTime', width: 0 },
];

/** For commands that ask the stores themselves. */
export const CREDENTIALS_OPTIONS: readonly AdminOption[] = [
  { flags: '--tokenFile <file>', description: 'token of the cluster, as in cluster.conf' },
  { flags: '--tlsCaFile <file>', description: 'with the two below: TLS, as in cluster.conf' },
  { flags: '--tlsCertFile <file>', description: 'certificate to show the stores' },
  { flags: '--tlsKeyFile <file>', description: 'its private key' },
];

/** How far the session of a client, or a shared group, is in each queue; asks the stores over gRPC. */
export const CONSUMER_PROGRESS: AdminCommand = {
  name: 'consumerProgress',
  description: 'Print how far a session or shared group is in its queues.',
  options: [
    { flags: '-g, --groupName <name>', description: 'client id', isRequired: true },
    ...CREDENTIALS_OPTIONS,
  ],
  async run(namesrv, args, clock) {
    const credentials = await credentialsOf(args);
    const brokers = brokersOf(await clusterInfo(namesrv), undefined);
    const consumer = args['groupName'] ?? '';
    const rows: string[][] = [];
    const reasons: string[] = [];
    let total = 0;
    for (const broker of brokers) {
      try {
        for (const queue of await progressAt(broker, consumer, credentials, clock)) {
          total += queue.maxOffset - queue.consumerOffset;
          rows.push(rowOf(broker.brokerName, queue));
        }
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        reasons.push(`store ${broker.brokerName}: ${error.message}`);
      }
    }
    if (reasons.length > 0) throw new NamesrvFailure(reasons);
    if (rows.length === 0) throw new NamesrvFailure([`"${consumer}" has no offset in any queue`]);
    rows.sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
    return [...textTable(COLUMNS, rows), '', `Consume Diff Total: ${String(total)}`].join('\n');
  },
};

async function progressAt(
  broker: BrokerDataBody,
  consumer: string,
  credentials: RpcCredentials,
  clock: Clock,
): Promise<readonly QueueProgress[]> {
  const service = loadService<StoreAdminMethods>('lmqtt.storeadmin.v1.StoreAdmin');
  const client = new RpcClient({ address: addressOf(broker), credentials, clock });
  try {
    const time = { timeoutMs: TIMEOUT_MS };
    return (await client.unary(service.getConsumerProgress, { consumer }, time)).queues;
  } finally {
    client.close();
  }
}

/** Queue names begin with a letter for their kind. */
function rowOf(store: string, { queue, maxOffset, consumerOffset }: QueueProgress): string[] {
  const diff = String(maxOffset - consumerOffset);
  const name = queue.startsWith('p') ? `p2p/${queue.slice(1)}` : queue.slice(1);
  return [name, store, '0', String(maxOffset), String(consumerOffset), diff, '-', 'N/A'];
}

/** What `CREDENTIALS_OPTIONS` say. @throws NamesrvFailure (rejection) */
export async function credentialsOf(args: AdminArguments): Promise<RpcCredentials> {
  const { tokenFile, tlsCaFile, tlsCertFile, tlsKeyFile } = args;
  const token = tokenFile === undefined ? undefined : (await contentsOf(tokenFile)).toString();
  if (tlsCaFile === undefined || tlsCertFile === undefined || tlsKeyFile === undefined) {
    if ((tlsCaFile ?? tlsCertFile ?? tlsKeyFile) !== undefined) {
      throw new NamesrvFailure(['TLS needs --tlsCaFile, --tlsCertFile and --tlsKeyFile']);
    }
    return { token: token?.trim() };
  }
  const tls = {
    ca: await contentsOf(tlsCaFile),
    cert: await contentsOf(tlsCertFile),
    key: await contentsOf(tlsKeyFile),
  };
  return { token: token?.trim(), tls };
}

async function contentsOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new NamesrvFailure([`cannot read ${path}: ${messageOf(error)}`]);
  }
}
