import type { Clock, Timer } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { Pace } from '../../common/pace.ts';
import { type Cluster, ClaimKind, claimKey } from '../../lmq/spi/cluster.ts';
import type { StateStore } from '../../lmq/spi/lmq-store.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import { StateSpace } from '../../lmq/spi/types.ts';
import type { SessionRegistry } from './session-registry.ts';

/** How often stored sessions are looked through, ms. */
const INTERVAL_MS = 60_000;
/** Share of the time that looking takes; with a million sessions a few seconds of work. */
const SWEEPING_SHARE = 0.1;
/** One gateway looks through them for all. */
const EXPIRY_DUTY = claimKey(ClaimKind.DUTY, 'session-expiry');

export interface SessionSweeperParts {
  readonly sessions: SessionRegistry;
  readonly store: StateStore;
  /** The single stores, where there are several: sessions expire in the others while one is away. */
  readonly stores?: Stores | undefined;
  readonly cluster: Cluster | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Ends stored sessions whose expiry interval has passed (MQTT 5 §3.1.2.11.2). A client that comes back too
 * late gets a new session at once; the sweep is for those that do not come back.
 */
export class SessionSweeper {
  readonly #parts: SessionSweeperParts;
  #timer: Timer | undefined;
  #sweeping: Promise<void> | undefined;
  #isStopped = false;

  constructor(parts: SessionSweeperParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = this.#parts.clock.every(INTERVAL_MS, () => {
      this.#sweeping ??= this.#sweepLogged().finally(() => {
        this.#sweeping = undefined;
      });
    });
  }

  /** Resolves when none is being ended any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#sweeping;
  }

  /** Looks through them once, if one of them can have expired; the rest is left when it is stopped. */
  async sweep(): Promise<void> {
    const { sessions, cluster } = this.#parts;
    if (!sessions.expiry.begin()) return;
    if ((await cluster?.claimIfFree(EXPIRY_DUTY)) === false) return;
    try {
      await this.#endExpired();
    } catch (error) {
      sessions.expiry.lookAgain();
      throw error;
    }
  }

  async #endExpired(): Promise<void> {
    const { store, stores } = this.#parts;
    const errors: unknown[] = [];
    for (let lane = 0; lane < (stores?.spread.lanes ?? 1); lane++) {
      try {
        await this.#endExpiredIn(stores?.member(lane) ?? store);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  async #endExpiredIn(store: StateStore): Promise<void> {
    const { sessions, clock } = this.#parts;
    const pace = new Pace(clock, SWEEPING_SHARE);
    for await (const { key, value } of store.scanState(StateSpace.SESSION)) {
      if (this.#isStopped) return;
      const rest = pace.step();
      if (rest !== undefined) await rest;
      if (sessions.connected(key) !== undefined) continue;
      if (sessions.expiry.mayBeExpired(key, value)) await sessions.endIfExpired(key);
    }
  }

  async #sweepLogged(): Promise<void> {
    try {
      await this.sweep();
    } catch (error) {
      this.#parts.logger.error({ error: messageOf(error) }, 'ending expired sessions failed');
    }
  }
}
