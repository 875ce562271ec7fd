import type { TopicEntry } from '../routing/topic-table.ts';
import { isNamed } from './is-named.ts';

/** Most topics of one publisher that are kept in their order. */
const CAPACITY = 16;
/** Longer names are looked up: what a connection holds stays small. */
const LONGEST_NAME = 256;

/**
 * Topics that one connection publishes to in turn, as devices do: the one that followed the last one the time before
 * is compared before the table is asked, which needs a string. Entries are of one generation of the table.
 */
export class RecentTopics {
  #entries: TopicEntry[] = [];
  #generation = 0;
  /** Where the one that is expected next is. */
  #next = 0;

  /** The entry of the name in `source[start, end)` if it is the expected one. */
  expected(generation: number, source: Buffer, start: number, end: number): TopicEntry | undefined {
    if (generation !== this.#generation) return undefined;
    const at = this.#next < this.#entries.length ? this.#next : 0;
    const entry = this.#entries[at];
    if (entry === undefined || !isNamed(entry, source, start, end)) return undefined;
    this.#next = at + 1;
    return entry;
  }

  /** Another one than expected was used: those that came behind it are expected, or it is at this place from now on. */
  add(generation: number, entry: TopicEntry): void {
    if (generation !== this.#generation) {
      this.#entries = [];
      this.#next = 0;
      this.#generation = generation;
    }
    if (entry.bytes.length > LONGEST_NAME) return;
    const known = this.#entries.indexOf(entry);
    if (known >= 0) {
      this.#next = known + 1;
      return;
    }
    if (this.#next === CAPACITY) this.#next = 0;
    this.#entries[this.#next++] = entry;
  }
}
