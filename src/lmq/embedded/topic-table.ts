import { p2pClientId } from '../../common/topic/p2p-topic.ts';
import type { Lane } from '../spi/lane.ts';
import { topicQueueName } from '../spi/queue-name.ts';
import type { StoreTopic } from '../spi/types.ts';
import type { FilterTable } from './filter-table.ts';
import type { LmqQueue } from './lmq-queue.ts';
import type { QueueTable } from './queue-table.ts';

/** Handle of a topic with the queues that its records go to. */
export class TopicEntry implements StoreTopic {
  readonly name: string;
  readonly bytes: Buffer;
  queues: LmqQueue[] = [];
  /** Version of the filter table that `queues` was made for; -1 for none. */
  filterVersion = -1;
  /** `queues` are given, whatever the filters say. */
  isDirect = false;

  constructor(name: string) {
    this.name = name;
    this.bytes = Buffer.from(name);
  }

  /** This store is alone. */
  get lane(): Lane {
    return 0;
  }

  get width(): number {
    return this.queues.length;
  }

  /** The entry behind a handle. Handles of another store are a mistake of the caller. */
  static of(handle: StoreTopic): TopicEntry {
    if (handle instanceof TopicEntry) return handle;
    throw new TypeError(`topic ${handle.name} is a handle of another store`);
  }
}

/**
 * Topic handles by name. Handles in use lately are kept in two generations; an older one is found again
 * while anyone holds it, and is the garbage collector's otherwise.
 */
export class TopicTable {
  readonly #queues: QueueTable;
  readonly #filters: FilterTable;
  readonly #generationSize: number;
  #young = new Map<string, TopicEntry>();
  #old = new Map<string, TopicEntry>();
  readonly #held = new Map<string, WeakRef<TopicEntry>>();
  readonly #gone: FinalizationRegistry<string>;
  #onlyTo: TopicEntry | undefined;

  constructor(queues: QueueTable, filters: FilterTable, maxIdleTopics: number) {
    this.#queues = queues;
    this.#filters = filters;
    this.#generationSize = Math.max(1, maxIdleTopics >>> 1);
    this.#gone = new FinalizationRegistry((name) => {
      if (this.#held.get(name)?.deref() === undefined) this.#held.delete(name);
    });
  }

  get(name: string): TopicEntry {
    return this.#young.get(name) ?? this.#findOlder(name);
  }

  /** A handle that always goes to one queue. */
  direct(name: string, queue: LmqQueue): TopicEntry {
    const entry = new TopicEntry(name);
    entry.isDirect = true;
    entry.queues = [queue];
    return entry;
  }

  /** A handle for finished records of any topic that go to one queue. */
  onlyTo(queue: LmqQueue): TopicEntry {
    if (this.#onlyTo?.queues[0] !== queue) this.#onlyTo = this.direct('', queue);
    return this.#onlyTo;
  }

  /** The queues of a topic, up to date with the filters. */
  queuesOf(topic: TopicEntry): LmqQueue[] {
    return topic.filterVersion === this.#filters.version ? topic.queues : this.#resolve(topic);
  }

  #findOlder(name: string): TopicEntry {
    const entry = this.#old.get(name) ?? this.#held.get(name)?.deref() ?? new TopicEntry(name);
    if (this.#young.size >= this.#generationSize) this.#age();
    this.#young.set(name, entry);
    return entry;
  }

  #age(): void {
    for (const [name, entry] of this.#old) {
      if (this.#young.has(name) || this.#held.get(name)?.deref() === entry) continue;
      this.#held.set(name, new WeakRef(entry));
      this.#gone.register(entry, name);
    }
    this.#old = this.#young;
    this.#young = new Map();
  }

  #resolve(topic: TopicEntry): LmqQueue[] {
    if (topic.isDirect) return topic.queues;
    const queues = [this.#queues.get(topicQueueName(topic.name))];
    if (p2pClientId(topic.name) === undefined) {
      this.#filters.match(topic.name, (name) => {
        queues.push(this.#queues.get(name));
      });
    }
    topic.queues = queues;
    topic.filterVersion = this.#filters.version;
    return queues;
  }
}
