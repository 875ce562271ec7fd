import type { Clock, Timer } from '../common/clock.ts';
import { messageOf } from '../common/errors.ts';
import type { Service } from '../common/lifecycle.ts';
import type { Logger } from '../common/logger.ts';

/** A service with the name that it has in logs and messages. */
export interface NamedService {
  readonly name: string;
  readonly service: Service;
}

export interface ServiceGroupOptions {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Services that start in order and stop in reverse, all of them within one deadline. */
export class ServiceGroup implements Service {
  readonly #services: readonly NamedService[];
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #stopTimeoutMs: number;
  readonly #started: NamedService[] = [];
  /** The one whose start is under way. */
  #beginning: Service | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(
    services: readonly NamedService[],
    { clock, logger }: ServiceGroupOptions,
    stopTimeoutMs: number,
  ) {
    this.#services = services;
    this.#clock = clock;
    this.#logger = logger;
    this.#stopTimeoutMs = stopTimeoutMs;
  }

  /** When a service fails to start, those before it are stopped again and its error is thrown. */
  start(): Promise<void> {
    this.#starting ??= this.#startAll();
    return this.#starting;
  }

  /**
   * A start that is under way ends first, as soon as the service that is starting can. Rejects with an error that names the
   * services that failed or did not stop in time.
   */
  stop(): Promise<void> {
    this.#beginning?.giveUp?.();
    this.#stopping ??= this.#withDeadline(this.#stopAll());
    return this.#stopping;
  }

  async #startAll(): Promise<void> {
    for (const entry of this.#services) {
      if (this.#stopping !== undefined) return;
      try {
        this.#beginning = entry.service;
        await entry.service.start();
      } catch (error) {
        // The caller gets the reason for not starting; a failure to stop comes second, and goes to the log.
        await this.#withDeadline(this.#stopStarted()).catch((failure: unknown) => {
          this.#logger.warn({ error: failure }, 'not everything stopped after a failed start');
        });
        throw error;
      } finally {
        this.#beginning = undefined;
      }
      this.#started.push(entry);
    }
  }

  async #stopAll(): Promise<void> {
    // Whoever called `start` has its error; what matters here is that it is over.
    await this.#starting?.catch(() => undefined);
    await this.#stopStarted();
  }

  async #stopStarted(): Promise<void> {
    const errors: unknown[] = [];
    for (let entry = this.#started.pop(); entry !== undefined; entry = this.#started.pop()) {
      try {
        await entry.service.stop();
      } catch (error) {
        errors.push(
          new Error(`${entry.name} failed to stop: ${messageOf(error)}`, { cause: error }),
        );
      }
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, 'several services failed to stop');
  }

  async #withDeadline(work: Promise<void>): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = this.#clock.after(this.#stopTimeoutMs, () => {
        reject(new Error(`not stopped after ${this.#stopTimeoutMs} ms`));
      });
    });
    try {
      await Promise.race([work, late]);
    } finally {
      timer?.cancel();
    }
  }
}
