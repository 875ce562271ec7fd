import type { Clock, Timer } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { Pace } from '../../common/pace.ts';
import type { CommitLog, StateStore } from '../../lmq/spi/lmq-store.ts';
import { type CommitNumber, StateSpace } from '../../lmq/spi/types.ts';

/** Topics read at a time; so many are there before the gateway listens. */
const PORTION = 2048;
/** Part of the time that reading takes while clients are served. */
const SHARE = 0.5;
/** How long a store that cannot be read is left alone, ms. */
const RETRY_MS = 1000;

export interface RetainedLoadParts {
  readonly store: StateStore & Pick<CommitLog, 'committed'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Takes over what the store has of a topic, unless something newer is known. */
  readonly take: (topic: string, value: Buffer) => void;
}

/**
 * Reads the retained messages of the store in portions: one before the gateway listens, the others while it
 * serves, so that a start with a million of them takes no longer. What is written meanwhile is newer than what
 * is read; what is deleted meanwhile must not come back, and is remembered until a portion begins without it.
 */
export class RetainedLoad {
  readonly #parts: RetainedLoadParts;
  /** Resolves when all is read, or the gateway stops. */
  readonly done: Promise<void>;
  #finish: () => void = () => undefined;
  #after: string | undefined;
  #isOver = true;
  #count = 0;
  #isStopped = false;
  /** Bounded by the store's backlog, like the commit that they wait for. */
  #deleted = new Set<string>();
  #newestDeletion: CommitNumber = 0;
  #retry: Timer | undefined;

  constructor(parts: RetainedLoadParts) {
    this.#parts = parts;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** Whether nothing is being read. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** From now on what is deleted is remembered. */
  begin(): void {
    this.#isOver = false;
  }

  /**
   * Reads the first portion; the others follow by themselves.
   * @throws StoreError
   */
  async start(): Promise<void> {
    this.begin();
    await this.#readPortion(undefined);
    void this.#readRest();
  }

  /** What is not read is left. */
  stop(): void {
    this.#isStopped = true;
    this.#retry?.cancel();
    this.#finish();
  }

  /**
   * A topic has lost its message.
   * @param commit that deletes it in the store; 0 when it is gone there
   */
  deleted(topic: string, commit: CommitNumber): void {
    this.#deleted.add(topic);
    if (commit > 0) this.#newestDeletion = commit;
  }

  async #readRest(): Promise<void> {
    if (this.#isOver) return;
    const { clock, logger } = this.#parts;
    const begin = clock.monotonic();
    while (this.#mayRead()) {
      try {
        await this.#readPortion(new Pace(clock, SHARE));
      } catch (error) {
        if (!this.#mayRead()) return;
        logger.error({ error: messageOf(error) }, 'reading retained messages failed, trying again');
        await this.#pause();
      }
    }
    if (!this.isOver) return;
    const milliseconds = Math.round(clock.monotonic() - begin);
    logger.info({ topics: this.#count, milliseconds }, 'retained messages are read');
  }

  #mayRead(): boolean {
    return !this.#isOver && !this.#isStopped;
  }

  async #readPortion(pace: Pace | undefined): Promise<void> {
    await this.#forgetDurableDeletions();
    const { store, take } = this.#parts;
    let count = 0;
    for await (const { key, value } of store.scanState(StateSpace.RETAINED, this.#after)) {
      if (this.#isStopped) return;
      if (!this.#deleted.has(key)) take(key, value);
      this.#after = key;
      this.#count++;
      if (++count === PORTION) return;
      const rest = pace?.step();
      if (rest !== undefined) await rest;
    }
    this.#isOver = true;
    this.#deleted.clear();
    this.#finish();
  }

  /** What is deleted for good when a portion begins cannot be in it. */
  async #forgetDurableDeletions(): Promise<void> {
    if (this.#deleted.size === 0) return;
    this.#deleted = new Set();
    // A deletion that fails has not happened: what the store has is right.
    if (this.#newestDeletion === 0) return;
    await this.#parts.store.committed(this.#newestDeletion).catch(() => undefined);
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#retry = this.#parts.clock.after(RETRY_MS, resolve);
    });
  }
}
