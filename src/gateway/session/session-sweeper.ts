import type { Clock, Timer } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { SessionRegistry } from './session-registry.ts';

/** How often stored sessions are looked through, ms. */
const INTERVAL_MS = 60_000;

/**
 * Ends stored sessions whose expiry interval has passed. A client that comes back too late gets a new
 * session at once; the sweep is for those that do not come back.
 */
export class SessionSweeper {
  readonly #sessions: SessionRegistry;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #timer: Timer | undefined;
  #sweeping: Promise<void> | undefined;
  #isStopped = false;

  constructor(sessions: SessionRegistry, clock: Clock, logger: Logger) {
    this.#sessions = sessions;
    this.#clock = clock;
    this.#logger = logger;
  }

  start(): void {
    this.#timer = this.#clock.every(INTERVAL_MS, () => {
      this.#sweeping ??= this.#sweep().finally(() => {
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

  async #sweep(): Promise<void> {
    try {
      await this.#sessions.sweepExpired(() => !this.#isStopped);
    } catch (error) {
      this.#logger.error({ error: messageOf(error) }, 'ending expired sessions failed');
    }
  }
}
