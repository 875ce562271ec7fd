import type { Clock } from '../../common/clock.ts';
import type { RpcCredentials } from '../../rpc/credentials.ts';
import type { BackUpProgress, StoreBackupMethods } from '../../rpc/messages/storebackup-v1.ts';
import { loadService } from '../../rpc/proto.ts';
import { RpcClient } from '../../rpc/rpc-client.ts';
import { rpcErrorOf } from '../../rpc/rpc-status.ts';
import type { AdminCommand } from './admin-command.ts';
import { CREDENTIAL_OPTIONS, credentialsOf } from './node-credentials.ts';
import { NamesrvFailure } from './namesrv-cluster.ts';
import { brokersOf, clusterInfo, rpcAddressOf } from './topic-commands.ts';

/** Copies a store that is at work; the copy is on the store's machine. */
export const BACKUP_STORE: AdminCommand = {
  name: 'backupStore',
  description: 'Copy a store while it is at work, into its backupPath on its own machine.',
  options: [
    { flags: '-b, --brokerName <name>', description: 'the store', isRequired: true },
    { flags: '-d, --directory <name>', description: 'name of the copy', isRequired: true },
    ...CREDENTIAL_OPTIONS,
  ],
  async run(namesrv, args, clock) {
    const credentials = await credentialsOf(args);
    const { brokerName = '', directory = '' } = args;
    const brokers = brokersOf(await clusterInfo(namesrv), undefined);
    const broker = brokers.find((candidate) => candidate.brokerName === brokerName);
    if (broker === undefined) {
      const known = brokers.map((candidate) => candidate.brokerName).join(', ');
      throw new NamesrvFailure([`no store "${brokerName}" is registered; there is: ${known}`]);
    }
    // Names the store itself.
    const address = rpcAddressOf(broker);
    try {
      const done = await backUpAt(address, directory, credentials, clock);
      return `backup of store ${brokerName} in ${done.directory}: ${String(done.entries)} entries, ${String(done.bytes)} bytes`;
    } catch (error) {
      throw new NamesrvFailure([
        `store ${brokerName}: ${error instanceof Error ? error.message : String(error)}`,
      ]);
    }
  },
};

async function backUpAt(
  address: string,
  name: string,
  credentials: RpcCredentials,
  clock: Clock,
): Promise<BackUpProgress> {
  const service = loadService<StoreBackupMethods>('lmqtt.storebackup.v1.StoreBackup');
  const client = new RpcClient({ address, credentials, clock });
  try {
    return await new Promise((resolve, reject) => {
      let last: BackUpProgress | undefined;
      const call = client.serverStream(service.backUp, { name });
      call.on('data', (progress: BackUpProgress) => {
        last = progress;
      });
      call.on('error', (error) => {
        reject(rpcErrorOf(error as Parameters<typeof rpcErrorOf>[0], address));
      });
      call.on('end', () => {
        if (last !== undefined && last.directory !== '') resolve(last);
        else reject(new Error(`${address}: the store has ended the backup before it was complete`));
      });
    });
  } finally {
    client.close();
  }
}
