import type { LogBounds } from './log-bounds.ts';
import type { LogBound } from './layout/v1/meta.ts';
import type { EmbeddedStoreOptions } from './store-options.ts';

/** More than a clock is set right by in everyday life, ms. */
const JUMP_MS = 5 * 60_000;
/** The longest that a clock which has jumped ahead is not believed, ms. */
const MAX_DOUBT_MS = 86_400_000;
/** Places of the log that are remembered within the time that it is kept. */
const SAMPLES = 32;

interface Sample {
  readonly end: LogBound;
  readonly monotonic: number;
}

/**
 * What is too old to be kept, though the system's clock may be wrong (docs/adr/0994). One that jumps ahead is not believed
 * at first: everything would go at once. What bears a time in the future goes when this process has had it for long enough.
 */
export class LogAge {
  readonly #options: EmbeddedStoreOptions;
  readonly #bounds: LogBounds;
  readonly #doubtMs: number;
  /** What the clock said last, or would have said had it not jumped; and when that was. */
  #time = 0;
  #monotonic = 0;
  /** Since when the clock has been ahead of what it should say. */
  #doubtedSince: number | undefined;
  /** Where the log has ended, the oldest first. */
  readonly #samples: Sample[] = [];
  #isInFuture = false;

  constructor(options: EmbeddedStoreOptions, bounds: LogBounds) {
    this.#options = options;
    this.#bounds = bounds;
    this.#doubtMs = Math.min(options.fileReservedTimeMs, MAX_DOUBT_MS);
  }

  /** The log has been read. Its newest part is the witness of the time where all of it would be too old by the clock. */
  start(): void {
    const { clock, fileReservedTimeMs } = this.#options;
    const { time } = this.#bounds.lastMark;
    const now = clock.now();
    const isAllOld = time !== -Infinity && time < now - fileReservedTimeMs;
    this.#monotonic = clock.monotonic();
    this.#time = isAllOld ? time : now;
  }

  /** Whatever was written before this time goes, ms since 1970. To be called before each look at the log. */
  before(): number {
    const { clock, fileReservedTimeMs } = this.#options;
    if (fileReservedTimeMs === 0) return -Infinity;
    this.#look(clock.now(), clock.monotonic());
    return this.#time - fileReservedTimeMs;
  }

  /** What lies before this place has been here for long enough, whatever its time says. */
  watched(): LogBound | undefined {
    const { clock, fileReservedTimeMs } = this.#options;
    if (fileReservedTimeMs === 0) return undefined;
    const now = clock.monotonic();
    const last = this.#samples.at(-1);
    if (last === undefined || now - last.monotonic >= fileReservedTimeMs / SAMPLES) {
      this.#samples.push({ end: this.#bounds.end, monotonic: now });
    }
    let watched: LogBound | undefined;
    for (let [oldest] = this.#samples; oldest !== undefined; [oldest] = this.#samples) {
      if (now - oldest.monotonic < fileReservedTimeMs) break;
      watched = oldest.end;
      this.#samples.shift();
    }
    return watched;
  }

  #look(now: number, monotonic: number): void {
    const expected = this.#time + monotonic - this.#monotonic;
    this.#monotonic = monotonic;
    this.#tellFuture(now);
    if (now <= expected + JUMP_MS) {
      this.#doubtedSince = undefined;
      this.#time = now;
      return;
    }
    const { logger } = this.#options;
    if (this.#doubtedSince === undefined) {
      this.#doubtedSince = monotonic;
      const fields = { aheadMs: now - expected, doubtedForMs: this.#doubtMs };
      logger.warn(
        fields,
        'the clock is ahead of the log, it was set, or the store was off: messages do not age by that for now',
      );
    }
    if (monotonic - this.#doubtedSince < this.#doubtMs) {
      this.#time = expected;
      return;
    }
    logger.info({ aheadMs: now - expected }, 'the clock that is ahead is believed from now on');
    this.#doubtedSince = undefined;
    this.#time = now;
  }

  #tellFuture(now: number): void {
    const { time } = this.#bounds.lastMark;
    const isInFuture = time > now + JUMP_MS;
    if (isInFuture && !this.#isInFuture) {
      this.#options.logger.warn(
        { aheadMs: time - now },
        'messages bear times in the future, the clock was set back: they are kept for fileReservedTime from now on',
      );
    }
    this.#isInFuture = isInFuture;
  }
}
