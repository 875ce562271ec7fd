import type { Clock } from '../common/clock.ts';
import { LineShare } from '../common/line-share.ts';
import type { Logger } from '../common/logger.ts';

/** Warnings that any peer can cause, as fast as it connects: a few a minute of each message, the others as a number. */
export class FewWarnings {
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** By message. */
  readonly #shares = new Map<string, LineShare>();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** @param message one of a few constants */
  warn(fields: Readonly<Record<string, unknown>>, message: string): void {
    let share = this.#shares.get(message);
    if (share === undefined) {
      share = new LineShare(this.#clock, (times) => {
        this.#logger.warn({ times }, `${message}: more often than is told`);
      });
      this.#shares.set(message, share);
    }
    if (share.take()) this.#logger.warn(fields, message);
  }
}
