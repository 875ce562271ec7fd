import type { Clock, Timer } from '../../common/clock.ts';
import type { ServerNode } from './server-node.ts';

/** Looks in the time of one lease. */
const LOOKS = 20;

/**
 * Finds the nodes that have been silent for longer than their lease. Time in which the store itself stood
 * still does not count: what the nodes have sent meanwhile lies unread.
 */
export class LeaseWatch {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #nodes: () => Iterable<ServerNode>;
  readonly #onSilent: (node: ServerNode) => void;
  #timer: Timer | undefined;
  #lastLook = 0;

  /** @param leaseMs the longest lease of a node */
  constructor(
    clock: Clock,
    leaseMs: number,
    nodes: () => Iterable<ServerNode>,
    onSilent: (node: ServerNode) => void,
  ) {
    this.#clock = clock;
    this.#intervalMs = Math.max(1, Math.floor(leaseMs / LOOKS));
    this.#nodes = nodes;
    this.#onSilent = onSilent;
  }

  /** The shortest lease that can be told from a late look. */
  get minLeaseMs(): number {
    return this.#intervalMs * 4;
  }

  start(): void {
    this.#lastLook = this.#clock.monotonic();
    this.#timer = this.#clock.every(this.#intervalMs, () => {
      this.#look();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    const now = this.#clock.monotonic();
    const late = now - this.#lastLook - this.#intervalMs;
    this.#lastLook = now;
    const isStalled = late > this.#intervalMs;
    const silent: ServerNode[] = [];
    for (const node of this.#nodes()) {
      if (isStalled) node.lastSeen = Math.min(now, node.lastSeen + late);
      if (now - node.lastSeen > node.leaseMs && node.link?.isPaused !== true) silent.push(node);
    }
    for (const node of silent) this.#onSilent(node);
  }
}
