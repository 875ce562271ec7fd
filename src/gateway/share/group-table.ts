import type { Queue, QueueOffset } from '../../lmq/spi/types.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { SessionSubscription } from '../session/session.ts';
import { ShareGroup } from './share-group.ts';
import { createShareStrategy, type ShareStrategyName } from './share-strategy.ts';

/** The groups of one store that are at this gateway. */
export class GroupTable {
  readonly #strategy: ShareStrategyName;
  readonly #stats: GatewayStats;
  readonly #groups = new Map<string, ShareGroup>();
  /** Queue id → groups that read it. */
  readonly #byQueue = new Map<number, Set<ShareGroup>>();

  constructor(strategy: ShareStrategyName, stats: GatewayStats) {
    this.#strategy = strategy;
    this.#stats = stats;
  }

  get size(): number {
    return this.#groups.size;
  }

  find(key: string): ShareGroup | undefined {
    return this.#groups.get(key);
  }

  all(): Iterable<ShareGroup> {
    return this.#groups.values();
  }

  /** Who reads a queue. */
  ofQueue(queueId: number): ReadonlySet<ShareGroup> | undefined {
    return this.#byQueue.get(queueId);
  }

  add(key: string, filter: string, queue: Queue, offset: QueueOffset): ShareGroup {
    const strategy = createShareStrategy<SessionSubscription>(this.#strategy);
    const group = new ShareGroup(key, filter, queue, offset, strategy);
    this.#groups.set(key, group);
    const same = this.#byQueue.get(queue.id);
    if (same === undefined) this.#byQueue.set(queue.id, new Set([group]));
    else same.add(group);
    this.#stats.sharedGroupsCurrent++;
    return group;
  }

  remove(group: ShareGroup): void {
    if (this.#groups.delete(group.key)) this.#stats.sharedGroupsCurrent--;
    const same = this.#byQueue.get(group.queue.id);
    if (same?.delete(group) === true && same.size === 0) this.#byQueue.delete(group.queue.id);
  }
}
