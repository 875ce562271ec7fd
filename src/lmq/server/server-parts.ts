import { ArrivalFeed } from './arrival-feed.ts';
import { BatchApplier } from './batch-applier.ts';
import { ClaimTable } from './claim-table.ts';
import { CommitLedger } from './commit-ledger.ts';
import { FilterUses } from './filter-uses.ts';
import { NodeTable } from './node-table.ts';
import { OpenQueues } from './open-queues.ts';
import { RequiredGeneration } from './required-generation.ts';
import { OrphanQueue } from './orphan-queue.ts';
import type { ServerNode } from './server-node.ts';
import { StateWatch } from './state-watch.ts';
import { SwitchNews } from './switch-news.ts';
import type { StoreServerLimits, StoreServerOptions } from './store-server-options.ts';
import { StoreServerCounters } from './store-server-stats.ts';

export type CompleteOptions = StoreServerOptions & StoreServerLimits;

/** The parts of a store server, wired. */
export interface ServerParts {
  readonly ledger: CommitLedger;
  readonly nodes: NodeTable;
  readonly generation: RequiredGeneration;
  readonly claims: ClaimTable;
  readonly orphans: OrphanQueue;
  readonly queues: OpenQueues;
  readonly filters: FilterUses;
  readonly watch: StateWatch;
  readonly feed: ArrivalFeed;
  readonly batches: BatchApplier;
  readonly switches: SwitchNews;
  readonly counters: StoreServerCounters;
}

export function assembleServer(options: CompleteOptions): ServerParts {
  const { store, logger, maxTopicsPerNode } = options;
  const counters = new StoreServerCounters();
  const ledger = new CommitLedger();
  const nodes = new NodeTable(store);
  const generation = new RequiredGeneration(store);
  const queues = new OpenQueues(store, options.maxQueuesPerNode);
  const filters = new FilterUses(store, options.maxFiltersPerNode, logger);
  const watch = new StateWatch(store, ledger);
  const orphans = new OrphanQueue(store, {
    caretaker: () => firstAttached(nodes.all),
    isOwned: (key) => claims.ownerOf(key) !== undefined,
  });
  const claims: ClaimTable = new ClaimTable(store, ledger, {
    revoke: (owner, key) => owner.outbox?.revoke(key),
    owned: (key) => {
      orphans.remove(key);
    },
    orphaned: (key) => {
      orphans.add(key);
    },
  });
  const audience = {
    first: queues.first.bind(queues),
    ownerOfSession: claims.ownerOfSession.bind(claims),
  };
  const feed = new ArrivalFeed(store, audience, counters);
  const batches = new BatchApplier({
    store,
    ledger,
    nodes,
    claims,
    queues,
    filters,
    watch,
    counters,
    maxTopicsPerNode,
  });
  return {
    ledger,
    nodes,
    generation,
    claims,
    orphans,
    queues,
    filters,
    watch,
    feed,
    batches,
    switches: new SwitchNews(nodes),
    counters,
  };
}

function firstAttached(nodes: Iterable<ServerNode>): ServerNode | undefined {
  for (const node of nodes) if (node.outbox !== undefined) return node;
  return undefined;
}
