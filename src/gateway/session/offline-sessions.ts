import type { Clock } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { Pace } from '../../common/pace.ts';
import type { StateStore } from '../../lmq/spi/lmq-store.ts';
import { StateSpace } from '../../lmq/spi/types.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import { subscriptionCount } from './session-record.ts';

/** Share of the time that counting takes: a million sessions are counted in two minutes. */
const COUNTING_SHARE = 0.05;

/** Counts the stored sessions whose client is not connected, and their subscriptions. */
export class OfflineSessions {
  readonly #store: StateStore;
  readonly #stats: GatewayStats;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #counting: Promise<void> | undefined;
  #isStopped = false;

  constructor(store: StateStore, stats: GatewayStats, clock: Clock, logger: Logger) {
    this.#store = store;
    this.#stats = stats;
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * Counts what the store has as of now, in the background and slowly: with millions of sessions that takes
   * seconds of CPU time, and nobody has to wait for it.
   */
  start(): void {
    this.#counting = this.#count().catch((error: unknown) => {
      this.#logger.error({ error: messageOf(error) }, 'counting the stored sessions failed');
    });
  }

  /** Must be called before the store stops. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#counting;
  }

  /** The client has gone; its session stays. */
  left(subscriptions: number): void {
    this.#stats.sessionsOffline++;
    this.#stats.subscriptionsOffline += subscriptions;
  }

  /** The client has come back to its session, or the session has ended. */
  gone(stored: Buffer): void {
    this.#stats.sessionsOffline--;
    this.#stats.subscriptionsOffline -= subscriptionCount(stored);
  }

  async #count(): Promise<void> {
    const pace = new Pace(this.#clock, COUNTING_SHARE);
    for await (const { value } of this.#store.scanState(StateSpace.SESSION)) {
      if (this.#isStopped) return;
      this.left(subscriptionCount(value));
      const rest = pace.step();
      if (rest !== undefined) await rest;
    }
  }
}
