/** Of one generation: records and what their entries take. */
const GENERATION_BYTES = 4 * 1024 * 1024;
const ENTRY_BYTES = 200;

/**
 * Retained records that were read just now, by topic; null where the store had none. Subscribers that come together
 * read the same ones. There are two generations: what was read before the last but one `age` is forgotten.
 */
export class RecentRecords {
  #young = new Map<string, Buffer | null>();
  #old = new Map<string, Buffer | null>();
  #bytes = 0;

  /** Undefined when it is not known. */
  get(topic: string): Buffer | null | undefined {
    const record = this.#young.get(topic);
    return record === undefined ? this.#old.get(topic) : record;
  }

  set(topic: string, record: Buffer | null): void {
    this.#young.set(topic, record);
    // A part of a larger buffer keeps all of it.
    this.#bytes += topic.length + (record?.buffer.byteLength ?? 0) + ENTRY_BYTES;
    if (this.#bytes > GENERATION_BYTES) this.age();
  }

  delete(topic: string): void {
    if (this.#young.size > 0) this.#young.delete(topic);
    if (this.#old.size > 0) this.#old.delete(topic);
  }

  /** Forgets the older generation; the younger one is the older one from now on. */
  age(): void {
    if (this.#old.size === 0 && this.#young.size === 0) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#bytes = 0;
  }
}
