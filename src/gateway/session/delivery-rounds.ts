import type { Clock, Timer } from '../../common/clock.ts';
import type { Arrival, Queue } from '../../lmq/spi/types.ts';

/** Queues that grow with one commit, or readers of fewer than that, from which on it counts as load. */
export const MANY = 32;
/** Least time between two rounds under load, ms. */
const ROUND_MS = 4;
/** The same where a few queues have many readers, each of whom is sent little (ADR 1003). */
export const WIDE_ROUND_MS = 2;

/** What is told of new records, as the delivery pump is. */
export interface ArrivalReader {
  /** How many are told of new records in the queue. */
  readersOf(queue: Queue): number;
  arrived(arrival: Arrival): void;
  runScheduled(): void;
}

/**
 * When what has arrived is delivered: at once, but under load, where each commit brings a little for each
 * of many, together with what the next ones bring, so that each subscriber is written to less often (ADR 512).
 * Nothing waits longer than `ROUND_MS`, and nothing is kept here but which queues have grown.
 */
export class DeliveryRounds {
  readonly #reader: ArrivalReader;
  readonly #clock: Clock;
  #arrivals: Arrival[] = [];
  /** Of them, those of the commits before. */
  #held = 0;
  #lastRound = -Infinity;
  #timer: Timer | undefined;

  constructor(reader: ArrivalReader, clock: Clock) {
    this.#reader = reader;
    this.#clock = clock;
  }

  /** New records in a queue that somebody reads. `endOfCommit` follows. */
  add(arrival: Arrival): void {
    this.#arrivals.push(arrival);
  }

  endOfCommit(): void {
    const { length } = this.#arrivals;
    if (length === 0) return;
    const isLoad = length - this.#held >= MANY;
    if (!isLoad && !this.#isWide()) {
      this.#run();
      return;
    }
    const roundMs = isLoad ? ROUND_MS : WIDE_ROUND_MS;
    const now = this.#clock.monotonic();
    if (now - this.#lastRound >= roundMs) {
      this.#lastRound = now;
      this.#run();
      return;
    }
    this.#held = length;
    this.#timer ??= this.#clock.after(roundMs, this.#run);
  }

  /** Whether what the last commit has brought, which is for few queues, has many readers. */
  #isWide(): boolean {
    let readers = 0;
    for (let i = this.#held; i < this.#arrivals.length; i++) {
      readers += this.#reader.readersOf((this.#arrivals[i] as Arrival).queue);
    }
    return readers >= MANY;
  }

  readonly #run = (): void => {
    this.#timer?.cancel();
    this.#timer = undefined;
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    this.#held = 0;
    for (const arrival of arrivals) this.#reader.arrived(arrival);
    this.#reader.runScheduled();
  };
}
