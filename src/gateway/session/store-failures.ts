import type { Clock } from '../../common/clock.ts';
import { isRetryable, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { Session } from './session.ts';

/** After one of several stores could not be read, ms. */
const RETRY_MS = 1000;

/** What becomes of sessions whose records cannot be read. */
export class StoreFailures {
  readonly #stores: Stores;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #run: (session: Session) => void;

  /** @param run delivers to a session once more */
  constructor(stores: Stores, clock: Clock, logger: Logger, run: (session: Session) => void) {
    this.#stores = stores;
    this.#clock = clock;
    this.#logger = logger;
    this.#run = run;
  }

  /** One of several stores is away: what the others have goes on. */
  mayPass(error: unknown): boolean {
    return this.#stores.spread.lanes > 1 && isRetryable(error);
  }

  /** Delivers to the session once more when the store may be back. */
  retry(session: Session, prepare?: () => void): void {
    this.#clock.after(RETRY_MS, () => {
      prepare?.();
      this.#run(session);
    });
  }

  /** The store cannot be read: the client shall come back, here or at another node. */
  close(session: Session, error: unknown): void {
    this.#logger.error(
      { clientId: session.clientId, error: messageOf(error) },
      'reading from the store failed, closing the connection',
    );
    session.link?.storeFailed();
  }
}
