import type { Clock, Timer } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { BackOff } from '../../common/back-off.ts';
import type { NamesrvConnection } from './namesrv-connection.ts';

/** What is registered, and how. */
export interface RegistrationCalls {
  /** Registers or renews; resolves with when to renew, in milliseconds from now. */
  readonly register: (connection: NamesrvConnection) => Promise<number>;
  readonly unregister: (connection: NamesrvConnection) => Promise<void>;
}

const FIRST_BACK_OFF_MS = 250;
const MAX_BACK_OFF_MS = 5_000;

/** Keeps one registration alive at one name server. */
export class Registrar {
  readonly #connection: NamesrvConnection;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #calls: RegistrationCalls;
  readonly #backOff = new BackOff(FIRST_BACK_OFF_MS, MAX_BACK_OFF_MS);
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #isAgain = false;
  #hasFailed = false;
  #isStopped = false;

  constructor(
    connection: NamesrvConnection,
    calls: RegistrationCalls,
    clock: Clock,
    logger: Logger,
  ) {
    this.#connection = connection;
    this.#calls = calls;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Registers at once, now and again: at the start, and when the name server has come back. */
  now(): void {
    if (this.#isStopped) return;
    if (this.#running !== undefined) {
      this.#isAgain = true;
      return;
    }
    this.#timer?.cancel();
    this.#running = this.#register().then((delayMs) => {
      this.#running = undefined;
      if (this.#isStopped) return;
      this.#timer = this.#clock.after(this.#isAgain ? 0 : delayMs, () => {
        this.now();
      });
      this.#isAgain = false;
    });
  }

  /** Registers something else from now on. */
  replace(calls: RegistrationCalls): void {
    this.#calls = calls;
    this.now();
  }

  /** Ends the registration; a name server that cannot be told will find out by the silence. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#running;
    try {
      await this.#calls.unregister(this.#connection);
    } catch (error) {
      this.#logger.debug(this.#fields(error), 'not unregistered');
    }
  }

  async #register(): Promise<number> {
    try {
      const renewAfterMs = await this.#calls.register(this.#connection);
      this.#backOff.reset();
      this.#hasFailed = false;
      return renewAfterMs;
    } catch (error) {
      if (this.#hasFailed) this.#logger.debug(this.#fields(error), 'not registered yet');
      else this.#logger.warn(this.#fields(error), 'not registered at a name server');
      this.#hasFailed = true;
      return this.#backOff.next();
    }
  }

  #fields(error: unknown): object {
    return { namesrv: this.#connection.address, error: messageOf(error) };
  }
}
