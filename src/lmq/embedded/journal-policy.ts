import { CommitLoad } from './commit-load.ts';
import { LoneCommits } from './lone-commits.ts';

/** At low rates: larger commits are not worth being written twice, the engine's two wake-ups are little beside them. */
const SMALL_BYTES = 8 * 1024;
/** When nothing is gathered meanwhile, the wake-ups are more than writing twice up to here. */
const LONE_BYTES = 64 * 1024;
/** Bytes that do not wait at low rates: taking over more at a time would hold up what comes meanwhile (ADR 891). */
const WAITING_BYTES = 8 * 1024;
/** The same when commits are alone: fewer and larger writes are less work for the engine. */
const LONE_WAITING_BYTES = 256 * 1024;
/** What the journal may hold at low rates: more is no better (ADR 891). */
const SMALL_JOURNAL_BYTES = 256 * 1024;

/**
 * Which commits go to the journal: small ones at low rates, and those that are alone however many there are.
 * `CommitLoad` tells what a low rate is; under load commits that wait for the engine gather so many messages
 * that they cost less, unless they are alone (`LoneCommits`).
 */
export class JournalPolicy {
  readonly #load: CommitLoad;
  readonly #lone = new LoneCommits();

  /** @param bytesPerMs of commits, up to which rates are low */
  constructor(bytesPerMs: number) {
    this.#load = new CommitLoad(bytesPerMs);
  }

  /** Bytes up to which the next commit shall go to the journal; 0 when it shall not. */
  get maxEntryBytes(): number {
    if (!this.#load.isHigh) return SMALL_BYTES;
    return this.#lone.isNextEarly ? LONE_BYTES : 0;
  }

  /** Whether commits after the next one may go to the journal. */
  get isEarly(): boolean {
    return !this.#load.isHigh || this.#lone.isBelieved;
  }

  /** Bytes in the journal above which it is taken over at once. */
  get maxWaitingBytes(): number {
    return this.#load.isHigh ? LONE_WAITING_BYTES : WAITING_BYTES;
  }

  /** Bytes of the journal that may be in use; Infinity for all that it has. */
  get maxJournalBytes(): number {
    return this.#load.isHigh ? Infinity : SMALL_JOURNAL_BYTES;
  }

  /**
   * Bytes that the next entry may have; 0 when it shall not go to the journal.
   * @param journalBytes in use
   */
  room(journalBytes: number): number {
    return Math.max(0, Math.min(this.maxEntryBytes, this.maxJournalBytes - journalBytes));
  }

  /** Whether `wrote` is to be told of writes: at low rates none looks at the clock for it. */
  get isTiming(): boolean {
    return this.#load.isHigh;
  }

  /** @param now of the monotonic clock, ms */
  passTime(now: number): void {
    this.#load.passTime(now);
    if (!this.#load.isHigh) this.#lone.reset();
  }

  /** Counts a commit before it is written. */
  count(bytes: number): void {
    this.#load.add(bytes);
  }

  /** A commit was written to the journal in `ms`. */
  wrote(ms: number, now: number): void {
    if (this.isTiming) this.#lone.wrote(ms, now);
  }

  /**
   * A commit that went to the engine is over.
   * @param isAlone nothing waited for its end to be committed
   */
  ended(isAlone: boolean, bytes: number, now: number): void {
    if (this.#load.isHigh) this.#lone.ended(isAlone && bytes <= LONE_BYTES, now);
  }
}
