import { type CommitPart, type CommitTrigger, PartOfCommit } from './commit-part.ts';
import type { KvBatch } from './kv-batch.ts';
import type { KvEntry } from './kv-engine.ts';

/**
 * Index entries that go with the next commit: a deletion of its own for each queue would take a thread of the
 * pool, and the commits would wait behind it (ADR 711). After a crash the sweep finds what was not deleted.
 */
export class ExpiredEntries implements CommitPart {
  readonly #trigger: CommitTrigger;
  #open: Buffer[] = [];
  #sealed: Buffer[] = [];

  constructor(trigger: CommitTrigger) {
    this.#trigger = trigger;
  }

  /** @returns when they are deleted */
  async delete(entries: readonly KvEntry[]): Promise<void> {
    let bytes = 0;
    for (const { key } of entries) {
      this.#open.push(key);
      bytes += key.length;
    }
    await this.#trigger.committed(this.#trigger.touch(bytes, PartOfCommit.EXPIRED));
  }

  seal(): void {
    this.#sealed = this.#open;
    this.#open = [];
  }

  fill(batch: KvBatch): void {
    for (const key of this.#sealed) batch.del(key);
  }

  settle(): void {
    this.#sealed = [];
  }
}
