import type { WriteSink } from './layout/v1/journal-entry.ts';
import { LOG_END_BYTES, LOG_END_KEY } from './layout/v1/meta.ts';

/**
 * Gives the writes of many commits to one batch. Each commit says where the log ends; only the last of
 * them counts, and the engine takes as long over each as over a message's own writes (ADR 891).
 */
export class TakeOver implements WriteSink {
  readonly #logEnd = Buffer.alloc(LOG_END_BYTES);
  #sink: WriteSink | undefined;
  #hasLogEnd = false;

  /** What follows is for `sink`, until `end`. */
  begin(sink: WriteSink): void {
    this.#sink = sink;
    this.#hasLogEnd = false;
  }

  put(key: Buffer, value: Buffer): void {
    const isKept = isLogEnd(key);
    if (isKept) this.#hasLogEnd = value.length === LOG_END_BYTES;
    if (isKept && this.#hasLogEnd) value.copy(this.#logEnd);
    else this.#sink?.put(key, value);
  }

  del(key: Buffer): void {
    if (isLogEnd(key)) this.#hasLogEnd = false;
    this.#sink?.del(key);
  }

  /** Nothing follows. The place of the one put that was kept back does not matter: the batch is written as a whole. */
  end(): void {
    if (this.#hasLogEnd) this.#sink?.put(LOG_END_KEY, this.#logEnd);
    this.#sink = undefined;
  }
}

/** Keys of log and index are longer: nearly all are told by their length. */
function isLogEnd(key: Buffer): boolean {
  return key.length === LOG_END_KEY.length && key.equals(LOG_END_KEY);
}
