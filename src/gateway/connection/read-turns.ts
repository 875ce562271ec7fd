import type { Clock } from '../../common/clock.ts';
import type { GatewayStats } from '../gateway-stats.ts';

/** Bytes in one read from which on a connection counts as one that brings much. */
export const LARGE_READ: number = 4 * 1024;
/** Time that connections that bring much have of one turn, ms. */
export const READ_MS: number = 5;
/** Turns with large reads, after which one that has had none does not count any more. */
const FORGET_AFTER = 256;

/** A connection, as far as it can wait for a later turn. */
export interface TurnReader {
  /** Stops reading until `resume` has been called as often. */
  pause(): void;
  resume(): void;
}

interface Reader {
  readonly connection: TurnReader;
  /** The last turn in which it brought much. */
  turn: number;
  isWaiting: boolean;
}

/**
 * How much is read in one turn of the event loop. libuv reads every socket that has something: what all have sent during a
 * pause, theirs or ours, would make one long turn, and what comes in meanwhile the next. So when those that
 * bring much have had their time, they are read in the next turn; those that were read already, when all others have
 * been (ADR 811). What brings little at a time is read as ever.
 */
export class ReadTurns {
  readonly #clock: Clock;
  readonly #stats: GatewayStats;
  readonly #readers = new Map<TurnReader, Reader>();
  /** Counts turns with large reads. */
  #turn = 0;
  #isBegun = false;
  #until = 0;
  #isOver = false;
  /** Those that were not read before the time was over. */
  #next: Reader[] = [];
  /** Those that were. */
  #later: Reader[] = [];

  constructor(clock: Clock, stats: GatewayStats) {
    this.#clock = clock;
    this.#stats = stats;
  }

  /** Many bytes of a connection have been taken in. */
  took(connection: TurnReader): void {
    const reader = this.#readerOf(connection);
    reader.turn = this.#turn;
    if (this.#isOver) {
      this.#defer(reader, this.#later);
      return;
    }
    const now = this.#clock.monotonic();
    if (!this.#isBegun) this.#begin(now);
    else if (now >= this.#until) this.#deferAll();
  }

  /** The connection has ended. */
  forget(connection: TurnReader): void {
    if (this.#readers.size > 0) this.#readers.delete(connection);
  }

  #readerOf(connection: TurnReader): Reader {
    const known = this.#readers.get(connection);
    if (known !== undefined) return known;
    const reader = { connection, turn: 0, isWaiting: false };
    this.#readers.set(connection, reader);
    return reader;
  }

  #begin(now: number): void {
    this.#isBegun = true;
    this.#until = now + READ_MS;
    setImmediate(this.#endOfTurn);
  }

  #deferAll(): void {
    this.#isOver = true;
    for (const reader of this.#readers.values()) {
      const age = this.#turn - reader.turn;
      if (age > FORGET_AFTER && !reader.isWaiting) this.#readers.delete(reader.connection);
      else this.#defer(reader, age === 0 ? this.#later : this.#next);
    }
  }

  #defer(reader: Reader, list: Reader[]): void {
    if (reader.isWaiting) return;
    reader.isWaiting = true;
    list.push(reader);
    this.#stats.readsDeferred++;
    reader.connection.pause();
  }

  readonly #endOfTurn = (): void => {
    this.#turn++;
    this.#isBegun = false;
    this.#isOver = false;
    const isLater = this.#next.length === 0;
    const free = isLater ? this.#later : this.#next;
    if (isLater) this.#later = [];
    else this.#next = [];
    // Nothing else may wake the loop for those that wait still.
    if (this.#later.length > 0) this.#begin(this.#clock.monotonic());
    for (const reader of free) {
      reader.isWaiting = false;
      reader.connection.resume();
    }
  };
}
