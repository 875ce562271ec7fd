import type { Clock } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';

/** How long a client that comes back waits for the message of its last will to be durable, ms. */
const PATIENCE_MS = 2000;

/** Wills that are published into another store than their record is in: the record goes when the message is durable. */
export class FarWills {
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** By client id. */
  readonly #pending = new Map<string, { readonly done: Promise<void>; readonly end: () => void }>();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Whether the last will of a client is not durable yet. */
  has(clientId: string): boolean {
    return this.#pending.has(clientId);
  }

  /**
   * A will has been published.
   * @param durable resolves when its commit has; with false when another gateway sees to it
   * @param forget takes the record away; not called when the commit fails
   */
  publishing(clientId: string, durable: Promise<boolean>, forget: () => void): void {
    const end = (): void => {
      if (this.#pending.get(clientId) !== pending) return;
      this.#pending.delete(clientId);
      forget();
    };
    const leave = (): void => {
      if (this.#pending.get(clientId) === pending) this.#pending.delete(clientId);
    };
    const settle = (isDone: boolean): void => {
      if (isDone) end();
      else leave();
    };
    const done = durable.then(settle, (error: unknown) => {
      leave();
      this.#logger.error({ clientId, error: messageOf(error) }, 'publishing a will failed');
    });
    const pending = { done, end };
    this.#pending.set(clientId, pending);
  }

  /** Waits for all as long as for one; what is not durable then keeps its record, for another gateway. */
  async allSettled(): Promise<void> {
    await Promise.all(Array.from(this.#pending.values(), (pending) => this.#patiently(pending)));
    this.#pending.clear();
  }

  /**
   * Resolves when the record of the last will is gone. It is taken away though the message is not durable when
   * that lasts: a store that is away does not keep the client from its session.
   */
  async settled(clientId: string): Promise<void> {
    const pending = this.#pending.get(clientId);
    if (pending === undefined) return;
    await this.#patiently(pending);
    pending.end();
  }

  #patiently({ done }: { readonly done: Promise<void> }): Promise<void> {
    return new Promise((resolve) => {
      const late = this.#clock.after(PATIENCE_MS, resolve);
      void done.then(() => {
        late.cancel();
        resolve();
      });
    });
  }
}
