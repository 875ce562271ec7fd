import { laneBit } from '../../lmq/spi/lane.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { GatewayStats } from '../gateway-stats.ts';

/** Something that can stop and go on reading. */
export interface Pausable {
  pause(): void;
  resume(): void;
}

/**
 * Back-pressure of the stores: whoever publishes to one whose backlog is over the limit stops reading until
 * the backlog has gone down.
 */
export class StoreGate {
  readonly #stats: GatewayStats;
  /** Undefined: there is one. */
  readonly #stores: Stores | undefined;
  /** With the lanes that they have written to, as bits. */
  readonly #waiting = new Map<Pausable, number>();

  constructor(stats: GatewayStats, stores?: Stores) {
    this.#stats = stats;
    this.#stores = stores;
  }

  /**
   * The store, or one of them, does not accept: pauses the publisher if it is one that it has written to.
   * @param lanes those, as bits
   */
  wait(publisher: Pausable, lanes = 1): void {
    if (this.#waiting.has(publisher) || this.#accepts(lanes)) return;
    this.#waiting.set(publisher, lanes);
    this.#stats.storeBackPressure++;
    publisher.pause();
  }

  /** Whether the publisher is paused by the store. */
  holds(publisher: Pausable): boolean {
    return this.#waiting.has(publisher);
  }

  /** The store, or one of them, accepts again. */
  open(): void {
    const isAlone = this.#laneCount === 1;
    const free = [...this.#waiting].filter(([, lanes]) => isAlone || this.#accepts(lanes));
    for (const [publisher] of free) this.#waiting.delete(publisher);
    for (const [publisher] of free) publisher.resume();
  }

  leave(publisher: Pausable): void {
    this.#waiting.delete(publisher);
  }

  get #laneCount(): number {
    return this.#stores?.spread.lanes ?? 1;
  }

  /** Whether all of several stores accept; of one the caller knows. */
  #accepts(lanes: number): boolean {
    const stores = this.#stores;
    const count = this.#laneCount;
    if (stores === undefined || count === 1) return false;
    for (let lane = 0; lane < count; lane++) {
      if ((lanes & laneBit(lane)) !== 0 && !stores.member(lane).writable) return false;
    }
    return true;
  }
}
