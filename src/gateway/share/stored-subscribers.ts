import { isSharedFilter } from '../../common/topic/shared-filter.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import { StateSpace } from '../../lmq/spi/types.ts';
import { decodeSessionRecord } from '../session/session-record.ts';

/**
 * The shared filters that the stored session of a client subscribes; none without a session.
 * @throws StoreError STORE_CORRUPT when the session cannot be read
 */
export async function sharedFiltersOf(stores: Stores, clientId: string): Promise<string[]> {
  const home = stores.member(stores.spread.homeOf(clientId));
  const stored = await home.getState(StateSpace.SESSION, clientId);
  if (stored === undefined) return [];
  const filters = decodeSessionRecord(stored, clientId).subscriptions.map(({ filter }) => filter);
  return filters.filter(isSharedFilter);
}
