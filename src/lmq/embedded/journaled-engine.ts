import { randomInt } from 'node:crypto';
import type { Clock, Timer } from '../../common/clock.ts';
import { ErrorCode, messageOf, StoreError } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { EngineWrites } from './engine-writes.ts';
import { Journal, JOURNAL_BYTES } from './journal.ts';
import { JournalPolicy } from './journal-policy.ts';
import { replay } from './journal-replay.ts';
import { CommitBatch, type CommitWriter, PlainBatch, type Written } from './journaled-batch.ts';
import type { KvBatch } from './kv-batch.ts';
import type { KvEngine, KvEntry } from './kv-engine.ts';
import type { KvRange } from './kv-range.ts';
import { DEFAULT_STORE_OPTIONS } from './store-options.ts';
import { NUMBERS_OF_A_LIFE } from './layout/v1/journal-entry.ts';
import { encodeSequence, JOURNAL_KEY } from './layout/v1/meta.ts';

/** How long what is in the journal waits for company on its way to the engine, ms: each time two threads are woken (ADR 891). */
const WAIT_MS = 100;

/** Whose first numbers are below 2^53. */
const LIVES = 2 ** 21 - 1;

/**
 * An engine whose small commits are durable at once: they go to the journal in the calling thread and
 * together to the engine soon after. The engine's own write takes a thread of the pool and two
 * wake-ups, ten times as long, and on a busy machine a hundred times. Under load commits go to the
 * engine, where more messages share one, unless nothing is gathered there (`JournalPolicy`). Reads see what is in the journal, because they wait until the engine has it.
 *
 * All writes reach the engine one after the other. Those that take entries over carry the number of the last
 * one, so that after a crash only what is missing is written again; and one that carries a number of its own lies
 * between a write that is in no journal and the next entry, so that no entry is written again over a gap.
 */
export class JournaledEngine implements KvEngine {
  readonly #engine: KvEngine;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #journal: Journal;
  readonly #isEnabled: boolean;
  readonly #policy: JournalPolicy;
  readonly #commitWriter: CommitWriter = {
    writeToJournal: () => this.#writeToJournal(),
    write: (batch, bytes, isSync, done) => {
      this.#journal.take();
      this.#write(batch, isSync, (error) => {
        this.#answer(done, error, bytes);
      });
    },
    count: (bytes) => {
      this.#policy.count(bytes);
    },
  };
  readonly #writes = new EngineWrites(() => {
    if (this.#journal.waitingBytes === 0 && this.#writes.failure === undefined) {
      this.#journal.restart();
    }
    this.#onIdle?.();
  });
  #timer: Timer | undefined;
  /** The timer is for the end of this turn. */
  #isApplyDue = false;
  #isOpen = false;
  /** The last one given, and that of the last entry in the journal. */
  #sequence = 0;
  #journaled = 0;
  /** Writes under way that are not in the journal. */
  #unjournaled = 0;
  /** The last of them, in this life, carries a number: entries may follow. */
  #isNumbered = false;
  /** A commit was begun since the one before it is being answered: it has waited for it. */
  #isNextBegun = false;
  #isJournalBroken = false;
  #onIdle: (() => void) | undefined;
  #onBroken: (error: StoreError) => void = () => undefined;

  /**
   * @param isEnabled false: what an earlier life has left in the journal is taken over, and nothing else
   * @param bytesPerMs of commits, up to which small ones go to the journal
   * @param journalBytes what the journal may hold
   */
  constructor(
    engine: KvEngine,
    clock: Clock,
    logger: Logger,
    isEnabled: boolean,
    bytesPerMs: number = DEFAULT_STORE_OPTIONS.journalBytesPerMs,
    journalBytes: number = JOURNAL_BYTES,
  ) {
    this.#isEnabled = isEnabled;
    this.#policy = new JournalPolicy(bytesPerMs);
    this.#engine = engine;
    this.#clock = clock;
    this.#logger = logger;
    this.#journal = new Journal(engine.directory, journalBytes);
  }

  get directory(): string {
    return this.#engine.directory;
  }

  async open(): Promise<void> {
    await this.#engine.open();
    try {
      await replay(this.#journal, this.#engine, this.#logger);
      // Numbers of a life that a crash has undone are not given again: entries of it may still be in the file.
      this.#sequence = randomInt(LIVES) * NUMBERS_OF_A_LIFE;
      this.#journaled = this.#sequence;
      this.#writes.start(this.#sequence);
      if (!this.#isEnabled) this.#journal.close(true);
    } catch (error) {
      await this.#engine.close();
      throw error;
    }
    this.#isOpen = true;
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#apply();
    if (!this.#writes.isIdle) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    try {
      this.#journal.close(this.#writes.failure === undefined);
    } finally {
      await this.#engine.close();
    }
  }

  batch(): KvBatch {
    this.#checkOpen();
    if (!this.#isEnabled) return this.#engine.batch();
    return new PlainBatch(this.#engine.batch(), (batch, isSync, done) => {
      this.#apply();
      this.#write(batch, isSync, done);
    });
  }

  commitBatch(): KvBatch {
    this.#checkOpen();
    if (!this.#isEnabled) return this.#engine.batch();
    this.#isNextBegun = true;
    this.#policy.passTime(this.#clock.monotonic());
    return new CommitBatch(
      this.#journal,
      this.#engine,
      this.#commitWriter,
      this.#mayJournal() ? this.#policy.room(this.#journal.bytes) : 0,
    );
  }

  async get(key: Buffer): Promise<Buffer | undefined> {
    if (!this.#isCurrent()) await this.#current();
    return this.#engine.get(key);
  }

  async getMany(keys: readonly Buffer[]): Promise<(Buffer | undefined)[]> {
    if (!this.#isCurrent()) await this.#current();
    return this.#engine.getMany(keys);
  }

  async read(range: KvRange, limit: number): Promise<KvEntry[]> {
    if (!this.#isCurrent()) await this.#current();
    return this.#engine.read(range, limit);
  }

  async *scan(range: KvRange, portionBytes?: number): AsyncGenerator<KvEntry> {
    if (!this.#isCurrent()) await this.#current();
    yield* this.#engine.scan(range, portionBytes);
  }

  async clear(range: KvRange, limit: number): Promise<void> {
    if (!this.#isCurrent()) await this.#current();
    await this.#engine.clear(range, limit);
  }

  approximateSize(start: Buffer, end: Buffer): Promise<number> {
    return this.#engine.approximateSize(start, end);
  }

  compact(start: Buffer, end: Buffer): Promise<void> {
    return this.#engine.compact(start, end);
  }

  onBroken(listener: (error: StoreError) => void): void {
    this.#onBroken = listener;
  }

  /** Behind a write that is in no journal, which a crash may take away, an entry would not be found again. */
  #mayJournal(): boolean {
    return (
      this.#isNumbered &&
      this.#unjournaled === 0 &&
      !this.#isJournalBroken &&
      this.#writes.failure === undefined
    );
  }

  /** False when the commit must go to the engine itself. */
  #writeToJournal(): boolean {
    if (this.#policy.maxEntryBytes === 0 || !this.#mayJournal()) return false;
    const { isTiming } = this.#policy;
    const from = isTiming ? this.#clock.monotonic() : 0;
    try {
      this.#journal.write(this.#sequence + 1);
    } catch (error) {
      // A full disk, most likely. What the engine cannot write either fails there.
      this.#isJournalBroken = true;
      const fields = { directory: this.directory, error: messageOf(error) };
      this.#logger.error(fields, 'the journal cannot be written, going on without it');
      return false;
    }
    this.#journaled = ++this.#sequence;
    if (isTiming) {
      const now = this.#clock.monotonic();
      this.#policy.wrote(now - from, now);
    }
    if (this.#journal.waitingBytes > this.#policy.maxWaitingBytes) this.#applyBehindTurn();
    else this.#timer ??= this.#clock.after(WAIT_MS, this.#applySoon);
    return true;
  }

  /** Timers come when a turn has sent all: who waits for this commit's answer is not to wait for the taking over too. */
  #applyBehindTurn(): void {
    if (this.#isApplyDue) return;
    this.#isApplyDue = true;
    this.#timer?.cancel();
    this.#timer = this.#clock.after(0, this.#applySoon);
  }

  readonly #applySoon = (): void => {
    this.#timer = undefined;
    this.#apply();
  };

  /** Sends what waits in the journal to the engine. */
  #apply(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isApplyDue = false;
    if (this.#journal.waitingBytes === 0 || this.#writes.failure !== undefined) return;
    const batch = this.#engine.batch();
    this.#journal.copyWaiting(batch);
    this.#journal.take();
    batch.put(JOURNAL_KEY, encodeSequence(this.#sequence));
    this.#writes.add(batch, false, this.#sequence, (error) => {
      if (error !== undefined) this.#onBroken(error);
    });
  }

  #write(batch: KvBatch, isSync: boolean, done: Written): void {
    this.#unjournaled++;
    // When no entries are to come only the first one carries a number, for the entries before it.
    const isLast = this.#policy.isEarly;
    if (this.#isNumbered || isLast) batch.put(JOURNAL_KEY, encodeSequence(++this.#sequence));
    this.#isNumbered = isLast;
    this.#writes.add(batch, isSync, this.#sequence, (error) => {
      this.#unjournaled--;
      done(error);
    });
  }

  /** What is begun while the one who has waited for the commit is called, has waited too. */
  #answer(done: Written, error: StoreError | undefined, bytes: number): void {
    this.#isNextBegun = false;
    done(error);
    this.#policy.ended(!this.#isNextBegun, bytes, this.#clock.monotonic());
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new StoreError(ErrorCode.STORE_CLOSED, `${this.directory} is closed`);
  }

  /** Whether the engine has all that is durable. */
  #isCurrent(): boolean {
    this.#checkOpen();
    return this.#writes.applied >= this.#journaled;
  }

  /** Resolves when the engine has all that is durable now. */
  #current(): Promise<void> {
    this.#apply();
    return this.#writes.wait(this.#journaled);
  }
}
