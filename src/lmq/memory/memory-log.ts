import type { MemoryQueue } from './memory-queue.ts';

/** What a commit brought: how much, and which queues have a segment of it. */
export interface MemoryLogEntry {
  readonly bytes: number;
  readonly records: number;
  readonly queues: readonly MemoryQueue[];
}

/** The commits that are kept, oldest first, up to a number of bytes. */
export class MemoryLog {
  readonly #maxBytes: number;
  readonly #entries: MemoryLogEntry[] = [];
  #bytes = 0;
  #records = 0;
  #recordsExpired = 0;
  #minimaMoved = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get records(): number {
    return this.#records;
  }

  get recordsExpired(): number {
    return this.#recordsExpired;
  }

  get minimaMoved(): number {
    return this.#minimaMoved;
  }

  /** Adds a commit whose segments are in their queues; the oldest ones go when there is too much. */
  push(entry: MemoryLogEntry): void {
    this.#entries.push(entry);
    this.#bytes += entry.bytes;
    this.#records += entry.records;
    while (this.#bytes > this.#maxBytes) {
      const oldest = this.#entries.shift();
      if (oldest === undefined) return;
      this.#bytes -= oldest.bytes;
      this.#records -= oldest.records;
      this.#recordsExpired += oldest.records;
      for (const queue of oldest.queues) queue.dropOldest();
      this.#minimaMoved += oldest.queues.length;
    }
  }
}
