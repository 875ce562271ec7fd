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
  readonly read: (lane: Lane) => Promise<void>;
  /** Runs work during which no other store joins or is added. */
  readonly alone: (work: () => Promise<void>) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Takes stores in that were away when the gateway started, when they come (docs/adr/0631). */
export class Joining {
  readonly #options: JoiningOptions;
  readonly #retries = new Set<Timer>();
  /** Those that were away, until somebody takes them in, and when they are there. */
  #attaching: ReadonlyMap<Lane, Promise<void>> = new Map();
  #takeIn: ((lane: Lane) => Promise<void>) | undefined;
  #isStopped = false;

  constructor(options: JoiningOptions) {
    this.#options = options;
  }

  /**
   * These stores were away at the start.
   * @param attaching resolves when a store is there; rejects when it never will be: then others say so
   */
  expect(attaching: ReadonlyMap<Lane, Promise<void>>): void {
    if (attaching.size === 0) return;
    const { late, nameOf, logger } = this.#options;
    const lanes = [...attaching.keys()];
    for (const lane of lanes) late.add(lane);
    this.#attaching = attaching;
    logger.warn({ stores: lanes.map(nameOf) }, 'starting while stores are away');
  }

  /** From now on they join as they come; when one has been read and `takeIn` resolves, it has. */
  onJoined(takeIn: (lane: Lane) => Promise<void>): void {
    this.#takeIn = takeIn;
    for (const [lane, attached] of this.#attaching) {
      attached.then(
        () => {
          void this.#join(lane);
        },
        () => undefined,
      );
    }
    this.#attaching = new Map();
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#retries) timer.cancel();
    this.#options.late.end();
  }

  /** Never rejects. */
  async #join(lane: Lane): Promise<void> {
    const { late, nameOf, read, alone, logger } = this.#options;
    const store = nameOf(lane);
    try {
      if (this.#isStopped) return;
      await alone(async () => {
        await read(lane);
        await this.#takeIn?.(lane);
      });
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
