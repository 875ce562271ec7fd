import { TopicTrie } from '../../common/topic/topic-trie.ts';
import { filterQueueName } from '../spi/queue-name.ts';
import type { CommitNumber, QueueName } from '../spi/types.ts';
import { type CommitPart, type CommitTrigger, PartOfCommit } from './commit-part.ts';
import type { KvBatch } from './kv-batch.ts';
import { encodeFilter, filterKey, type FilterRecord } from './layout/v1/filter-key.ts';
import { WriteSet } from './write-set.ts';

/** Bytes that an entry takes beside the filter. */
const ENTRY_BYTES = 8;

interface FilterEntry {
  readonly filter: string;
  readonly queueName: QueueName;
  pinned: boolean;
  durableUses: number;
  volatileUses: number;
}

/** Registered wildcard filters. What is pinned or used by persistent sessions is on disk too. */
export class FilterTable implements CommitPart {
  readonly #trigger: CommitTrigger;
  readonly #trie = new TopicTrie<FilterEntry>();
  readonly #entries = new Map<string, FilterEntry>();
  readonly #writes = new WriteSet();
  /** Changes whenever a filter comes or goes. */
  version = 0;

  constructor(trigger: CommitTrigger) {
    this.#trigger = trigger;
  }

  /** Takes over what is on disk. */
  restore(filter: string, { pinned, durableUses }: FilterRecord): void {
    const entry = this.#entry(filter);
    entry.pinned = pinned;
    entry.durableUses = durableUses;
  }

  acquire(filter: string, durable: boolean): CommitNumber {
    const entry = this.#entry(filter);
    if (!durable) {
      entry.volatileUses++;
      return this.#trigger.openCommit;
    }
    entry.durableUses++;
    return this.#write(entry);
  }

  /** A use that nobody has is not an error: the filter is as the caller wants it. */
  release(filter: string, durable: boolean): CommitNumber {
    const entry = this.#entries.get(filter);
    if (entry === undefined) return this.#trigger.touch(0);
    if (!durable) entry.volatileUses = Math.max(0, entry.volatileUses - 1);
    else entry.durableUses = Math.max(0, entry.durableUses - 1);
    this.#dropUnused(entry);
    return durable ? this.#write(entry) : this.#trigger.touch(0);
  }

  pin(filter: string): CommitNumber {
    const entry = this.#entry(filter);
    entry.pinned = true;
    return this.#write(entry);
  }

  unpin(filter: string): CommitNumber {
    const entry = this.#entries.get(filter);
    if (entry === undefined) return this.#trigger.touch(0);
    entry.pinned = false;
    this.#dropUnused(entry);
    return this.#write(entry);
  }

  /** Visits the queues of all filters that match a topic name. */
  match(topic: string, visit: (name: QueueName) => void): void {
    this.#trie.match(topic, (entry) => {
      visit(entry.queueName);
    });
  }

  list(): { filter: string; pinned: boolean; uses: number }[] {
    return Array.from(this.#entries.values(), (entry) => ({
      filter: entry.filter,
      pinned: entry.pinned,
      uses: entry.durableUses + entry.volatileUses,
    }));
  }

  seal(): void {
    this.#writes.seal();
  }

  fill(batch: KvBatch): void {
    for (const [filter, value] of this.#writes.sealed) {
      if (value === null) batch.del(filterKey(filter));
      else batch.put(filterKey(filter), value);
    }
  }

  settle(): void {
    this.#writes.settle();
  }

  #entry(filter: string): FilterEntry {
    let entry = this.#entries.get(filter);
    if (entry === undefined) {
      entry = {
        filter,
        queueName: filterQueueName(filter),
        pinned: false,
        durableUses: 0,
        volatileUses: 0,
      };
      this.#entries.set(filter, entry);
      this.#trie.add(filter, entry);
      this.version++;
    }
    return entry;
  }

  #dropUnused(entry: FilterEntry): void {
    if (entry.pinned || entry.durableUses + entry.volatileUses > 0) return;
    this.#entries.delete(entry.filter);
    this.#trie.remove(entry.filter, entry);
    this.version++;
  }

  #write(entry: FilterEntry): CommitNumber {
    const isKept = entry.pinned || entry.durableUses > 0;
    this.#writes.set(entry.filter, isKept ? encodeFilter(entry) : null);
    return this.#trigger.touch(entry.filter.length + ENTRY_BYTES, PartOfCommit.FILTERS);
  }
}
