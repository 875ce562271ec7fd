import type { Clock, Timer } from '../../common/clock.ts';
import { ErrorCode, messageOf, StoreError } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { corrupt } from './corrupt.ts';
import { Journal } from './journal.ts';
import { CommitBatch, PlainBatch, type Written } from './journaled-batch.ts';
import type { KvBatch, KvEngine, KvEntry } from './kv-engine.ts';
import type { KvRange } from './kv-range.ts';
import { decodeSequence, encodeSequence, JOURNAL_KEY } from './layout/v1/meta.ts';

/** How long what is in the journal waits for company on its way to the engine, ms. */
const WAIT_MS = 5;
/** Bytes that do not wait. */
const WAITING_BYTES = 64 * 1024;

interface Write {
  readonly batch: KvBatch;
  readonly isSync: boolean;
  readonly sequence: number;
  readonly done: Written;
}

interface Reader {
  readonly sequence: number;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * An engine whose small commits are durable at once: they go to the journal in the calling thread and
 * together to the engine soon after. The engine's own write takes a thread of the pool and two
 * wake-ups, ten times as long, and on a busy machine a hundred times. Reads see what is in the journal,
 * because they wait until the engine has it. All writes reach the engine one after the other, each with the
 * number of the last entry that it covers, so that after a crash only what is missing is written again.
 */
export class JournaledEngine implements KvEngine {
  readonly #engine: KvEngine;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #journal: Journal;
  readonly #isEnabled: boolean;
  readonly #writes: Write[] = [];
  readonly #readers: Reader[] = [];
  #timer: Timer | undefined;
  #isOpen = false;
  /** Of the last write of any kind, of the last one in the journal, and of the last one that the engine has. */
  #sequence = 0;
  #journaled = 0;
  #applied = 0;
  /** Writes under way that are not in the journal. */
  #unjournaled = 0;
  #failure: StoreError | undefined;
  #isJournalBroken = false;
  #onIdle: (() => void) | undefined;

  /** @param isEnabled false: what an earlier life has left in the journal is taken over, and nothing else */
  constructor(engine: KvEngine, clock: Clock, logger: Logger, isEnabled: boolean) {
    this.#isEnabled = isEnabled;
    this.#engine = engine;
    this.#clock = clock;
    this.#logger = logger;
    this.#journal = new Journal(engine.directory);
  }

  get directory(): string {
    return this.#engine.directory;
  }

  async open(): Promise<void> {
    await this.#engine.open();
    try {
      await this.#replay();
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
    if (this.#writes.length > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    try {
      this.#journal.close(this.#failure === undefined);
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
    return new CommitBatch(this.#journal, this.#engine, {
      writeToJournal: () => this.#writeToJournal(),
      write: (batch, isSync, done) => {
        // It holds what waits in the journal.
        this.#journal.take();
        this.#write(batch, isSync, done);
      },
    });
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

  async *scan(range: KvRange): AsyncGenerator<KvEntry> {
    if (!this.#isCurrent()) await this.#current();
    yield* this.#engine.scan(range);
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

  /** What a process that died has left in the journal. */
  async #replay(): Promise<void> {
    const value = await this.#engine.get(JOURNAL_KEY);
    const sequence = value === undefined ? 0 : decodeSequence(value);
    if (Number.isNaN(sequence)) throw corrupt(this.directory, "the journal's sequence number");
    const batch = this.#engine.batch();
    let last: number;
    try {
      last = this.#journal.replay(sequence, batch);
    } catch (error) {
      const message = `cannot read the journal in ${this.directory}: ${messageOf(error)}`;
      throw new StoreError(ErrorCode.STORE_UNAVAILABLE, message, { cause: error });
    }
    this.#sequence = last;
    this.#journaled = last;
    this.#applied = last;
    if (last === sequence) return;
    batch.put(JOURNAL_KEY, encodeSequence(last));
    await new Promise<void>((resolve, reject) => {
      batch.write(false, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }

  /** False when the commit must go to the engine itself. */
  #writeToJournal(): boolean {
    // Behind a write that is in no journal, which a crash may take away, an entry would not be found again.
    if (this.#failure !== undefined || this.#isJournalBroken || this.#unjournaled > 0) return false;
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
    if (this.#journal.waitingBytes > WAITING_BYTES) this.#apply();
    else this.#timer ??= this.#clock.after(WAIT_MS, this.#applySoon);
    return true;
  }

  readonly #applySoon = (): void => {
    this.#timer = undefined;
    this.#apply();
  };

  /** Sends what waits in the journal to the engine. */
  #apply(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#journal.waitingBytes === 0 || this.#failure !== undefined) return;
    const batch = this.#engine.batch();
    this.#journal.copyWaiting(batch);
    this.#journal.take();
    this.#enqueue(batch, false, this.#sequence, ignoreResult);
  }

  #write(batch: KvBatch, isSync: boolean, done: Written): void {
    this.#unjournaled++;
    this.#enqueue(batch, isSync, ++this.#sequence, (error) => {
      this.#unjournaled--;
      done(error);
    });
  }

  #enqueue(batch: KvBatch, isSync: boolean, sequence: number, done: Written): void {
    batch.put(JOURNAL_KEY, encodeSequence(sequence));
    this.#writes.push({ batch, isSync, sequence, done });
    if (this.#writes.length === 1) this.#writeNext();
  }

  #writeNext(): void {
    const [write] = this.#writes;
    if (write === undefined) {
      if (this.#journal.waitingBytes === 0 && this.#failure === undefined) this.#journal.restart();
      this.#onIdle?.();
      return;
    }
    if (this.#failure !== undefined) {
      setImmediate(() => {
        this.#written(write, this.#failure);
      });
      return;
    }
    write.batch.write(write.isSync, (error) => {
      this.#written(write, error);
    });
  }

  #written(write: Write, error: StoreError | undefined): void {
    // What was acknowledged and could not be written stays in the journal, for the next start.
    if (error === undefined) this.#applied = write.sequence;
    else this.#failure ??= error;
    this.#writes.shift();
    this.#wakeReaders();
    // The next one is on its way while the callback is at work.
    this.#writeNext();
    write.done(error);
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new StoreError(ErrorCode.STORE_CLOSED, `${this.directory} is closed`);
  }

  /** Whether the engine has all that is durable. */
  #isCurrent(): boolean {
    this.#checkOpen();
    return this.#applied >= this.#journaled;
  }

  /** Resolves when the engine has all that is durable now. */
  #current(): Promise<void> {
    this.#apply();
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise<void>((resolve, reject) => {
      this.#readers.push({ sequence: this.#journaled, resolve, reject });
    });
  }

  #wakeReaders(): void {
    const failure = this.#failure;
    while (this.#readers.length > 0) {
      const [reader] = this.#readers as [Reader];
      if (failure === undefined && reader.sequence > this.#applied) return;
      this.#readers.shift();
      if (failure === undefined) reader.resolve();
      else reader.reject(failure);
    }
  }
}

function ignoreResult(): void {
  // An error is the engine's failure from now on, and every later write is told.
}
