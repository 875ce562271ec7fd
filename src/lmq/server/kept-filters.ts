import { isValidTopicFilter, isWildcardFilter } from '../../common/topic/topic-filter.ts';
import type { KeptFilter } from '../../rpc/messages/storeadmin-v1.ts';
import { RpcError, RpcStatus } from '../../rpc/rpc-status.ts';
import type { LmqStore } from '../spi/lmq-store.ts';
import type { ServerNode } from './server-node.ts';

/** Filters that one request may bring. */
const MAX_FILTERS = 10_000;
/** Durable uses that one request may add. */
const MAX_USES = 10_000_000;
/** Uses that are added at once. */
const USES_AT_ONCE = 10_000;

type FilterStore = Pick<
  LmqStore,
  'acquireFilter' | 'closeQueue' | 'committed' | 'listFilters' | 'openCommit' | 'pinFilter'
>;

/** The filters that outlive the nodes: pinned ones, and those of stored sessions and groups. */
export function keptFilters(
  store: Pick<LmqStore, 'listFilters'>,
  nodes: Iterable<ServerNode>,
): KeptFilter[] {
  const passing = new Map<string, number>();
  for (const node of nodes) {
    for (const filter of node.filters) passing.set(filter, (passing.get(filter) ?? 0) + 1);
  }
  const kept: KeptFilter[] = [];
  for (const { filter, pinned, uses } of store.listFilters()) {
    const durableUses = Math.max(0, uses - (passing.get(filter) ?? 0));
    if (pinned || durableUses > 0) kept.push({ filter, pinned, durableUses });
  }
  return kept;
}

/**
 * Registers filters that another store keeps: as many durable uses as there, unless there are more here.
 * Resolves when they are durable.
 * @throws RpcError INVALID_ARGUMENT (rejection) before anything is written
 */
export async function importFilters(
  store: FilterStore,
  nodes: () => Iterable<ServerNode>,
  filters: readonly KeptFilter[],
): Promise<void> {
  check(filters);
  const kept = new Map(
    keptFilters(store, nodes()).map(({ filter, durableUses }) => [filter, durableUses]),
  );
  let opening: Promise<void>[] = [];
  for (const { filter, pinned, durableUses } of filters) {
    if (pinned) store.pinFilter(filter);
    for (let uses = kept.get(filter) ?? 0; uses < durableUses; uses++) {
      opening.push(acquire(store, filter));
      if (opening.length < USES_AT_ONCE) continue;
      await Promise.all(opening);
      opening = [];
    }
  }
  await Promise.all(opening);
  await store.committed(store.openCommit);
}

async function acquire(store: FilterStore, filter: string): Promise<void> {
  store.closeQueue(await store.acquireFilter(filter, true));
}

function check(filters: readonly KeptFilter[]): void {
  let uses = 0;
  for (const { filter, durableUses } of filters) {
    if (!isWildcardFilter(filter) || !isValidTopicFilter(filter)) {
      throw new RpcError(RpcStatus.INVALID_ARGUMENT, `"${filter}" is no wildcard filter`);
    }
    uses += durableUses;
  }
  if (filters.length > MAX_FILTERS || uses > MAX_USES) {
    throw new RpcError(RpcStatus.INVALID_ARGUMENT, 'too many filters, or uses of them, at once');
  }
}
