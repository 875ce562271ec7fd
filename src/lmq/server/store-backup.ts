import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ErrorCode, messageOf, StoreError } from '../../common/errors.ts';
import { unlessMissing } from '../../common/is-missing.ts';
import type { Logger } from '../../common/logger.ts';
import type {
  BackUpProgress,
  BackUpRequest,
  StoreBackupMethods,
} from '../../rpc/messages/storebackup-v1.ts';
import { loadService } from '../../rpc/proto.ts';
import { type RpcServer, type ServerWritableStream, statusOf } from '../../rpc/rpc-server.ts';
import { RpcError, RpcStatus } from '../../rpc/rpc-status.ts';
import { isBackupSource } from '../spi/store-backup.ts';

/** A plain file name: it must not lead out of the backup directory. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

type BackUpCall = ServerWritableStream<BackUpRequest, BackUpProgress>;

/**
 * Serves `proto/lmqtt/storebackup/v1/storebackup.proto` beside the store's own service.
 * @param directory where the backups are put; undefined where none are made
 */
export function addStoreBackup(
  server: RpcServer,
  store: object,
  directory: string | undefined,
  logger: Logger,
): void {
  let isUnderWay = false;
  const serve = async (call: BackUpCall): Promise<void> => {
    if (directory === undefined || !isBackupSource(store)) {
      throw new RpcError(RpcStatus.UNIMPLEMENTED, 'this store makes no backups');
    }
    if (isUnderWay) {
      throw new RpcError(RpcStatus.RESOURCE_EXHAUSTED, 'another backup is under way');
    }
    isUnderWay = true;
    try {
      const target = join(directory, nameOf(call.request));
      await requireNew(target);
      const { signal } = abortedWith(call);
      logger.info({ directory: target }, 'backup begins');
      const tell = (progress: object): boolean =>
        call.write({ entries: 0, bytes: 0, directory: '', ...progress });
      const { entries, bytes } = await store.backUp(target, tell, signal);
      logger.info({ directory: target, entries, bytes }, 'backup complete');
      tell({ entries, bytes, directory: target });
      call.end();
    } finally {
      isUnderWay = false;
    }
  };
  server.addService(loadService<StoreBackupMethods>('lmqtt.storebackup.v1.StoreBackup'), {
    backUp: (call) => {
      serve(call).catch((error: unknown) => {
        logger.warn({ error: messageOf(error) }, 'no backup');
        call.emit('error', statusOf(asRpcError(error)));
      });
    },
  });
}

function nameOf({ name }: BackUpRequest): string {
  if (NAME.test(name) && !name.endsWith('.part')) return name;
  throw new RpcError(RpcStatus.INVALID_ARGUMENT, `"${name}" is no plain file name`);
}

async function requireNew(target: string): Promise<void> {
  const facts = await unlessMissing(stat(target));
  if (facts !== undefined) throw new RpcError(RpcStatus.ALREADY_EXISTS, `${target} exists`);
}

/** Nobody waits for it any more. */
function abortedWith(call: BackUpCall): AbortController {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort(new RpcError(RpcStatus.CANCELLED, 'the backup was cancelled'));
  };
  call.on('cancelled', abort);
  call.on('close', abort);
  return controller;
}

function asRpcError(error: unknown): unknown {
  if (!(error instanceof StoreError) || error.code !== ErrorCode.STORE_LIMIT) return error;
  return new RpcError(RpcStatus.FAILED_PRECONDITION, error.message, { cause: error });
}
