import { randomUUID } from 'node:crypto';
import type { LmqStore } from '../spi/lmq-store.ts';
import { StateSpace } from '../spi/types.ts';
import type { ClaimTable } from './claim-table.ts';
import type { FilterUses } from './filter-uses.ts';
import {
  decodeClaim,
  decodeMeta,
  decodeNode,
  META_KEY,
  nodeFilterOf,
  nodeIdOf,
} from './node-record.ts';
import type { NodeTable } from './node-table.ts';
import type { OrphanQueue } from './orphan-queue.ts';
import { ServerNode } from './server-node.ts';
import { leavesOrphans } from './claim-table.ts';

interface RestoredParts {
  readonly nodes: NodeTable;
  readonly claims: ClaimTable;
  readonly orphans: OrphanQueue;
  readonly filters: FilterUses;
}

/**
 * Reads what the disk knows of nodes, their filters and claims. The nodes are expected to come back within their lease,
 * counted from now.
 * @returns whether a store server has been at work on this store before
 */
export async function restoreServer(
  store: LmqStore,
  { nodes, claims, orphans, filters }: RestoredParts,
  now: number,
): Promise<boolean> {
  const meta = await store.getState(StateSpace.NODE, META_KEY);
  if (meta === undefined) {
    nodes.identify(randomUUID(), 1);
    return false;
  }
  const { storeId, nextNumber } = decodeMeta(meta);
  nodes.identify(storeId, nextNumber);
  const byNumber = new Map<number, ServerNode>();
  const uses: { key: string; number: number; filter: string }[] = [];
  for await (const { key, value } of store.scanState(StateSpace.NODE)) {
    const id = nodeIdOf(key);
    if (id === undefined) {
      const use = nodeFilterOf(key);
      if (use !== undefined) uses.push({ key, ...use });
      continue;
    }
    const { number, leaseMs, sequence, name } = decodeNode(value);
    const node = new ServerNode(id, name, number, leaseMs, now);
    node.isExpected = true;
    node.appliedSequence = node.settledSequence = sequence;
    nodes.restore(node);
    byNumber.set(number, node);
  }
  for (const { key, number, filter } of uses) {
    const node = byNumber.get(number);
    if (node !== undefined) filters.restore(node, filter);
    else store.deleteState(StateSpace.NODE, key);
  }
  for await (const { key, value } of store.scanState(StateSpace.CLAIM)) {
    const owner = byNumber.get(decodeClaim(value));
    if (owner !== undefined) claims.restore(key, owner);
    else if (leavesOrphans(key)) orphans.add(key);
    else store.deleteState(StateSpace.CLAIM, key);
  }
  return true;
}
