import type { Clock, Timer } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { Lane } from '../spi/lane.ts';
import type { LateLanes } from './late-lanes.ts';

/** Between two attempts to take a store in, ms. */
const RETRY_MS = 1_000;

export interface JoiningOptions {
  readonly late: LateLanes;
  readonly nameOf: (lane: Lane) => string;
  /** Reads what a store has that is to be known before it counts as joined. */
  readonly take: (lane: Lane) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Takes stores in that were away when the gateway started, when they come (docs/adr/0631). */
export class Joining {
  readonly #options: JoiningOptions;
  readonly #retries = new Set<Timer>();
  #isStopped = false;

  constructor(options: JoiningOptions) {
    this.#options = options;
  }

  /** @param attached resolves when the store is there; rejects when it never will be: then others say so */
  begin(lane: Lane, attached: Promise<void>): void {
    attached.then(
      () => {
        void this.#join(lane);
      },
      () => undefined,
    );
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#retries) timer.cancel();
    this.#options.late.end();
  }

  /** Never rejects. */
  async #join(lane: Lane): Promise<void> {
    const { late, nameOf, take, logger } = this.#options;
    const store = nameOf(lane);
    try {
      if (this.#isStopped) return;
      await take(lane);
      late.joined(lane);
      logger.info({ store }, 'the store that was away at the start is taken in');
    } catch (error) {
      if (this.#hasStopped()) return;
      logger.warn({ store, error: messageOf(error) }, 'taking a store in failed, trying again');
      this.#again(lane);
    }
  }

  #hasStopped(): boolean {
    return this.#isStopped;
  }

  #again(lane: Lane): void {
    const timer = this.#options.clock.after(RETRY_MS, () => {
      this.#retries.delete(timer);
      void this.#join(lane);
    });
    this.#retries.add(timer);
  }
}
