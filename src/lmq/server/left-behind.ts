import { ClaimKind, claimKey } from '../spi/cluster.ts';
import type { LmqStore } from '../spi/lmq-store.ts';
import { StateSpace } from '../spi/types.ts';
import type { ClaimTable } from './claim-table.ts';
import { encodeClaim, NO_NODE } from './node-record.ts';
import type { OrphanQueue } from './orphan-queue.ts';

/** Claims that are written in one commit. */
const CLAIMS_AT_ONCE = 1_000;

export interface LeftBehindParts {
  readonly store: LmqStore;
  readonly claims: ClaimTable;
  readonly orphans: OrphanQueue;
}

/** Wills in the store whose client is at no living node: orphans, whoever stored them. */
export async function findWills({ store, claims, orphans }: LeftBehindParts): Promise<void> {
  for await (const { key } of store.scanState(StateSpace.WILL)) {
    const will = claimKey(ClaimKind.WILL, key);
    if (claims.ownerOf(will) !== undefined || claims.ownerOfSession(key) !== undefined) continue;
    orphans.add(will);
    orphans.handOut();
  }
}

/**
 * All sessions of a store that a gateway of its own has used until now: each may be one that was connected
 * when that gateway died. They are noted, so that a restart does not forget them.
 */
export async function adoptSessions({ store, claims, orphans }: LeftBehindParts): Promise<void> {
  let count = 0;
  for await (const { key } of store.scanState(StateSpace.SESSION)) {
    const session = claimKey(ClaimKind.SESSION, key);
    if (claims.ownerOf(session) !== undefined) continue;
    const commit = store.putState(StateSpace.CLAIM, session, encodeClaim(NO_NODE));
    orphans.add(session);
    if (++count % CLAIMS_AT_ONCE > 0) continue;
    await store.committed(commit);
    orphans.handOut();
  }
  orphans.handOut();
}
