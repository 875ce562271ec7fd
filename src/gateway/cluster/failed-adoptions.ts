import type { Clock } from '../../common/clock.ts';

/** Until what has failed is tried again, ms. */
const RETRY_MS = 1_000;
/** Claims that wait at most before the store's next orphans do; it hands out 256 at a time. */
const MAX_WAITING = 1_024;

/** Claims of dead gateways that could not be taken over since a store did not answer: each second all are tried again. */
export class FailedAdoptions {
  readonly #clock: Clock;
  readonly #adopt: (key: string) => Promise<void>;
  readonly #keys = new Set<string>();
  #round: Promise<void> | undefined;

  /** @param adopt tries one again; adds it once more when that fails. Never rejects */
  constructor(clock: Clock, adopt: (key: string) => Promise<void>) {
    this.#clock = clock;
    this.#adopt = adopt;
  }

  add(key: string): void {
    this.#keys.add(key);
    this.#round ??= this.#tryAgain();
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    while (this.#keys.size > MAX_WAITING) await this.#round;
  }

  async #tryAgain(): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.after(RETRY_MS, resolve));
    const keys = [...this.#keys];
    this.#keys.clear();
    await Promise.all(keys.map((key) => this.#adopt(key)));
    this.#round = this.#keys.size > 0 ? this.#tryAgain() : undefined;
  }
}
