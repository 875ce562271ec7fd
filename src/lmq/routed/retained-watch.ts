import type { Clock } from '../../common/clock.ts';
import { ErrorCode, messageOf, StoreError } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { Lane } from '../spi/lane.ts';
import type { RetainedLanes } from './retained-lanes.ts';

/** Topics that are read at once. */
const READS_AT_ONCE = 64;
/** Pause before what has failed is done again. */
const RETRY_MS = 1_000;
/** After these nothing can be read any more. */
const FINAL: ReadonlySet<ErrorCode> = new Set([ErrorCode.STORE_CLOSED, ErrorCode.STORE_FENCED]);

export type StateListener = (key: string, value: Buffer | undefined) => void;

export interface RetainedWatchOptions {
  readonly retained: RetainedLanes;
  readonly listener: StateListener;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Changes of retained messages by other nodes. A topic that may lie in several stores changes in all of them,
 * and in what order they tell cannot be known: unless the newest one has it, the topic is read, and what it has
 * now is told.
 */
export class RetainedWatch {
  readonly #options: RetainedWatchOptions;
  /** To be read; as many as have changed at most. */
  readonly #waiting = new Set<string>();
  /** Being read → it has changed since, here or elsewhere. */
  readonly #reading = new Map<string, boolean>();
  #scans = 0;
  /** Changed while a scan was under way, which may bring what was before. */
  readonly #touched = new Set<string>();

  constructor(options: RetainedWatchOptions) {
    this.#options = options;
  }

  /** Another node has written at the store of this lane. */
  changed(lane: Lane, topic: string, value: Buffer | undefined): void {
    const { retained, listener } = this.#options;
    const lanes = retained.lanesOf(topic);
    const isBusy = this.#scans > 0 || this.#reading.has(topic) || this.#waiting.has(topic);
    // What the newest store has counts, whatever the others have.
    const isClear = lane === lanes.at(-1) && value !== undefined && !isBusy;
    if (lanes.length === 1 || isClear) {
      listener(topic, value);
      return;
    }
    if (this.#scans > 0) this.#touched.add(topic);
    this.#read(topic);
  }

  /** This node has written: what is being read may be older. */
  wrote(topic: string): void {
    if (this.#reading.has(topic)) this.#reading.set(topic, true);
  }

  beginScan(): void {
    this.#scans++;
  }

  endScan(): void {
    if (--this.#scans > 0) return;
    for (const topic of this.#touched) this.#read(topic);
    this.#touched.clear();
  }

  #read(topic: string): void {
    if (this.#reading.has(topic)) this.#reading.set(topic, true);
    else this.#waiting.add(topic);
    this.#run();
  }

  #run(): void {
    for (const topic of this.#waiting) {
      if (this.#reading.size >= READS_AT_ONCE) return;
      this.#waiting.delete(topic);
      this.#reading.set(topic, false);
      void this.#settle(topic);
    }
  }

  async #settle(topic: string): Promise<void> {
    const { retained, listener, clock, logger } = this.#options;
    let isDone = true;
    try {
      let value: Buffer | undefined;
      do {
        this.#reading.set(topic, false);
        value = await retained.get(topic);
      } while (this.#reading.get(topic) === true);
      listener(topic, value);
    } catch (error) {
      isDone = error instanceof StoreError && FINAL.has(error.code);
      if (!isDone) {
        logger.warn({ topic, error: messageOf(error) }, 'a retained message is read once more');
        await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
      }
    }
    this.#reading.delete(topic);
    if (!isDone) this.#waiting.add(topic);
    this.#run();
  }
}
