import type { GatewayStats } from '../gateway-stats.ts';

/** Something that can stop and go on reading. */
export interface Pausable {
  pause(): void;
  resume(): void;
}

/**
 * Back-pressure of the store: whoever publishes while its backlog is over the limit stops reading until
 * the backlog has gone down.
 */
export class StoreGate {
  readonly #stats: GatewayStats;
  readonly #waiting = new Set<Pausable>();

  constructor(stats: GatewayStats) {
    this.#stats = stats;
  }

  wait(publisher: Pausable): void {
    if (this.#waiting.has(publisher)) return;
    this.#waiting.add(publisher);
    this.#stats.storeBackPressure++;
    publisher.pause();
  }

  /** Whether the publisher is paused by the store. */
  holds(publisher: Pausable): boolean {
    return this.#waiting.has(publisher);
  }

  /** The store accepts again. */
  open(): void {
    const publishers = [...this.#waiting];
    this.#waiting.clear();
    for (const publisher of publishers) publisher.resume();
  }

  leave(publisher: Pausable): void {
    this.#waiting.delete(publisher);
  }
}
