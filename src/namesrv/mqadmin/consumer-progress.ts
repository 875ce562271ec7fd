import type { Clock } from '../../common/clock.ts';
import type { RpcCredentials } from '../../rpc/credentials.ts';
import type { QueueProgress, StoreAdminMethods } from '../../rpc/messages/storeadmin-v1.ts';
import { loadService } from '../../rpc/proto.ts';
import { RpcClient } from '../../rpc/rpc-client.ts';
import { RpcError } from '../../rpc/rpc-status.ts';
import type { BrokerDataBody } from '../rocketmq-bodies.ts';
import type { AdminCommand } from './admin-command.ts';
import { CREDENTIAL_OPTIONS, credentialsOf } from './node-credentials.ts';
import { NamesrvFailure } from './namesrv-cluster.ts';
import { textTable } from './text-table.ts';
import { brokersOf, clusterInfo, rpcAddressOf } from './topic-commands.ts';

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

/** How far the session of a client, or a shared group, is in each queue; asks the stores over gRPC. */
export const CONSUMER_PROGRESS: AdminCommand = {
  name: 'consumerProgress',
  description: 'Print how far a session or shared group is in its queues.',
  options: [
    { flags: '-g, --groupName <name>', description: 'client id', isRequired: true },
    ...CREDENTIAL_OPTIONS,
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
  const client = new RpcClient({ address: rpcAddressOf(broker), credentials, clock });
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
