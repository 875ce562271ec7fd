import { ErrorCode, LmqttError } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { parseSharedFilter, sharedFilterText } from '../../common/topic/shared-filter.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import { filterQueueName } from '../../lmq/spi/queue-name.ts';
import { type Queue, type QueueOffset, StateSpace } from '../../lmq/spi/types.ts';
import { decodeSessionRecord } from '../session/session-record.ts';
import { decodeShareRecord } from './share-record.ts';
import { shareConsumer, splitUserKey } from './share-user.ts';

/** Sessions looked up together: they are one read of the store. */
const USERS_AT_ONCE = 500;

/** A shared group as the store has it. */
export interface StoredGroup {
  readonly key: string;
  readonly filter: string;
  /** Open. */
  readonly queue: Queue;
  readonly offset: QueueOffset;
  /** Before the offset and nobody's. */
  readonly returned: readonly QueueOffset[];
  /** User keys of the stored sessions that subscribe it. */
  readonly users: readonly string[];
}

/** All groups of the store; what cannot be read is logged and left out. */
export async function* readStoredGroups(
  store: LmqStore,
  logger: Logger,
): AsyncGenerator<StoredGroup> {
  const users = await readUsers(store, logger);
  for await (const { key, value } of store.scanState(StateSpace.SHARE)) {
    try {
      const share = parseSharedFilter(key);
      if (share === undefined) {
        throw new LmqttError(ErrorCode.STORE_CORRUPT, 'its key is not a shared filter');
      }
      const returned = decodeShareRecord(value, key);
      const queue = await store.openQueue(filterQueueName(share.filter));
      const offset = (await store.loadOffset(shareConsumer(key), queue)) ?? queue.nextOffset;
      yield { key, filter: share.filter, queue, offset, returned, users: users.get(key) ?? [] };
    } catch (error) {
      logUnreadable(logger, 'a shared group cannot be read', key, error);
    }
  }
}

/** Users by group. A crash may have left one whose session has not got the subscription: it is removed. */
async function readUsers(store: LmqStore, logger: Logger): Promise<Map<string, string[]>> {
  const users = new Map<string, string[]>();
  let portion: string[] = [];
  const noteThem = async (): Promise<void> => {
    await Promise.all(portion.map((key) => noteUser(store, logger, users, key)));
    portion = [];
  };
  for await (const { key } of store.scanState(StateSpace.SHARE_MEMBER)) {
    portion.push(key);
    if (portion.length === USERS_AT_ONCE) await noteThem();
  }
  await noteThem();
  return users;
}

async function noteUser(
  store: LmqStore,
  logger: Logger,
  users: Map<string, string[]>,
  key: string,
): Promise<void> {
  const { filter, clientId } = splitUserKey(key);
  try {
    const share = parseSharedFilter(filter);
    if (share === undefined || !(await subscribes(store, clientId, filter))) {
      store.deleteState(StateSpace.SHARE_MEMBER, key);
      return;
    }
    const groupKey = sharedFilterText(share);
    const same = users.get(groupKey);
    if (same === undefined) users.set(groupKey, [key]);
    else same.push(key);
  } catch (error) {
    logUnreadable(logger, 'a session with a shared subscription cannot be read', clientId, error);
  }
}

async function subscribes(store: LmqStore, clientId: string, filter: string): Promise<boolean> {
  const stored = await store.getState(StateSpace.SESSION, clientId);
  if (stored === undefined) return false;
  const { subscriptions } = decodeSessionRecord(stored, clientId);
  return subscriptions.some((subscription) => subscription.filter === filter);
}

/** @throws what is not about the record */
function logUnreadable(logger: Logger, message: string, key: string, error: unknown): void {
  if (!(error instanceof LmqttError) || error.code !== ErrorCode.STORE_CORRUPT) throw error;
  logger.error({ key, error: error.message }, message);
}
