import { ErrorCode, StoreError } from '../../common/errors.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import { type CommitNumber, StateSpace } from '../../lmq/spi/types.ts';
import { PAGE_BYTES, RECEIVED_PAGES, ReceivedSet } from './received-set.ts';

/** Key of a page in `StateSpace.INFLIGHT`: no client identifier has U+0000 in it [MQTT-1.5.3-2]. */
function keyOf(clientId: string, index: number): string {
  return `${clientId}\0received ${index}`;
}

/**
 * Writes what has changed of the pages of received identifiers into the open commit, which the in-flight record has to be in
 * too; undefined when nothing has.
 */
export function writeReceivedPages(
  store: LmqStore,
  clientId: string,
  received: ReceivedSet,
): CommitNumber | undefined {
  received.settle();
  const changed = received.changedPages;
  if (changed === 0) return undefined;
  let commit: CommitNumber | undefined;
  for (let index = 0; index < RECEIVED_PAGES; index++) {
    if ((changed & (1 << index)) === 0) continue;
    const key = keyOf(clientId, index);
    const page = received.page(index);
    commit =
      page === undefined
        ? store.deleteState(StateSpace.INFLIGHT, key)
        : store.putState(StateSpace.INFLIGHT, key, page);
  }
  received.saved();
  return commit;
}

/** Removes every page that a session may have: nothing is known of it. */
export function deleteReceivedPages(store: LmqStore, clientId: string): void {
  for (let index = 0; index < RECEIVED_PAGES; index++) {
    store.deleteState(StateSpace.INFLIGHT, keyOf(clientId, index));
  }
}

/**
 * Reads the pages that an in-flight record names.
 * @param count identifiers that it says there are
 * @throws StoreError STORE_CORRUPT (rejection) when they are not what the record says
 */
export async function readReceivedPages(
  store: LmqStore,
  clientId: string,
  pages: number,
  count: number,
): Promise<ReceivedSet> {
  const indexes = Array.from({ length: RECEIVED_PAGES }, (_, index) => index).filter(
    (index) => (pages & (1 << index)) !== 0,
  );
  const values = await Promise.all(
    indexes.map((index) => store.getState(StateSpace.INFLIGHT, keyOf(clientId, index))),
  );
  const received = new ReceivedSet();
  for (const [i, value] of values.entries()) {
    if (value?.length === PAGE_BYTES) received.load(indexes[i] as number, value);
  }
  if (received.size === count && !received.has(0)) return received;
  const what = `${count} received packet identifiers of client ${JSON.stringify(clientId)}`;
  throw new StoreError(ErrorCode.STORE_CORRUPT, `${what} are unreadable: pages differ`);
}
