import type { Clock } from '../common/clock.ts';
import type { Logger } from '../common/logger.ts';

/** How often the log says what is waited for. */
const REMIND_MS = 10_000;

export interface PatienceOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called with what is waited for, once. */
  readonly tell?: ((text: string) => void) | undefined;
}

/** Waits for what may take any time, and says so, until it is ended. */
export class Patience {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #tell: (text: string) => void;
  readonly #ended: Promise<never>;
  #end: (reason: Error) => void = () => undefined;
  #isEnded = false;

  constructor({ clock, logger, tell }: PatienceOptions) {
    this.#clock = clock;
    this.#logger = logger;
    this.#tell = tell ?? (() => undefined);
    this.#ended = new Promise<never>((_resolve, reject) => {
      this.#end = reject;
    });
    // Nobody may be waiting when it ends.
    this.#ended.catch(() => undefined);
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Everything that is waited for, now or later, rejects. */
  end(): void {
    this.#isEnded = true;
    this.#end(new Error('stopped while it was starting'));
  }

  /** As `work`; the log says `what` is waited for, at once and again and again. */
  async await<T>(work: Promise<T>, fields: object, what: string): Promise<T> {
    const first = this.#clock.after(QUIET_MS, () => {
      this.#logger.info(fields, what);
      const details = Object.values(fields).flat().join(', ');
      this.#tell(details === '' ? what : `${what} (${details})`);
    });
    const remind = this.#clock.every(REMIND_MS, () => {
      this.#logger.warn(fields, `still ${what}`);
    });
    try {
      return await Promise.race([work, this.#ended]);
    } finally {
      first.cancel();
      remind.cancel();
    }
  }

  async pause(milliseconds: number): Promise<void> {
    const over = new Promise<void>((resolve) => {
      this.#clock.after(milliseconds, resolve);
    });
    await Promise.race([over, this.#ended]);
  }
}

/** What is there sooner is not worth a line. */
const QUIET_MS = 200;
