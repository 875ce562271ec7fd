import type { Clock } from '../../common/clock.ts';
import { isRetryable, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { StoredWills } from './stored-wills.ts';
import type { StoredWill } from './will-record.ts';

/** Until a will is asked for again that was due while the store was away, ms. */
const RETRY_MS = 1_000;

export interface DueWillsParts {
  readonly stored: Pick<StoredWills, 'get'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A will has been read, and is nobody else's. May throw. */
  readonly publish: (clientId: string, will: StoredWill) => void;
  /** A will is to be read once more. @param at wall clock, ms */
  readonly again: (clientId: string, at: number) => void;
}

/** The delayed wills whose time has come: each is read from the store, and published if it is still this gateway's. */
export class DueWills {
  readonly #parts: DueWillsParts;
  /** Client ids whose will is being read. */
  readonly #reading = new Set<string>();
  /** Those of them whose clients may come back meanwhile → when it is done. */
  readonly #ending = new Map<string, Promise<void>>();
  #isStopped = false;

  constructor(parts: DueWillsParts) {
    this.#parts = parts;
  }

  /** Whether the will of a client is being read. */
  has(clientId: string): boolean {
    return this.#reading.has(clientId);
  }

  /** It is somebody else's: it is not published when it has been read. */
  delete(clientId: string): void {
    this.#reading.delete(clientId);
  }

  /** Until a will that came to its time by itself has been read; undefined when there is none. */
  ended(clientId: string): Promise<void> | undefined {
    return this.#ending.get(clientId);
  }

  /** The delay is over: publishes the will. The log tells what fails. */
  add(clientId: string): void {
    const published = this.publish(clientId).catch((error: unknown) => {
      const { logger } = this.#parts;
      logger.error({ clientId, error: messageOf(error) }, 'publishing a will failed');
    });
    this.#ending.set(clientId, published);
    void published.then(() => {
      if (this.#ending.get(clientId) === published) this.#ending.delete(clientId);
    });
  }

  /**
   * Publishes a will unless somebody else does meanwhile; a little later when the store is away.
   * @throws StoreError (rejection): it cannot be read; and what `publish` throws
   */
  async publish(clientId: string): Promise<void> {
    const { stored, publish } = this.#parts;
    this.#reading.add(clientId);
    const will = await stored.get(clientId).catch((error: unknown) => {
      this.#notRead(clientId, error);
      throw error;
    });
    // The first reader may have been faster.
    if (!this.#reading.delete(clientId) || will === undefined) return;
    publish(clientId, will);
  }

  /** Nothing is asked for again. */
  stop(): void {
    this.#isStopped = true;
  }

  #notRead(clientId: string, error: unknown): void {
    const { clock, again } = this.#parts;
    const isAway = isRetryable(error);
    // It may be somebody else's by now.
    if (!this.#reading.delete(clientId) || !isAway || this.#isStopped) return;
    again(clientId, clock.now() + RETRY_MS);
  }
}
