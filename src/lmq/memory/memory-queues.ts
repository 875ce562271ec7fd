import { p2pClientId } from '../../common/topic/p2p-topic.ts';
import { filterQueueName, topicQueueName } from '../spi/queue-name.ts';
import type { QueueName, StoreTopic } from '../spi/types.ts';
import type { MemoryFilters } from './memory-filters.ts';
import { MemoryQueue } from './memory-queue.ts';

class MemoryTopic implements StoreTopic {
  readonly name: string;
  readonly lane = 0;
  readonly bytes: Buffer;
  queues: readonly MemoryQueue[] = [];
  filterVersion = -1;

  constructor(name: string) {
    this.name = name;
    this.bytes = Buffer.from(name);
  }

  get width(): number {
    return this.queues.length;
  }
}

/** Queues by name, and by the topics that fill them. */
export class MemoryQueues {
  readonly #filters: MemoryFilters;
  readonly #queues = new Map<QueueName, MemoryQueue>();
  readonly #topics = new Map<string, MemoryTopic>();
  readonly #direct = new WeakMap<StoreTopic, readonly MemoryQueue[]>();

  constructor(filters: MemoryFilters) {
    this.#filters = filters;
  }

  get(name: QueueName): MemoryQueue {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new MemoryQueue(this.#queues.size + 1, name);
      this.#queues.set(name, queue);
    }
    return queue;
  }

  topic(name: string): MemoryTopic {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = new MemoryTopic(name);
      this.#topics.set(name, topic);
    }
    return topic;
  }

  directTopic(name: string, queue: MemoryQueue): StoreTopic {
    const topic = { name, lane: 0, bytes: Buffer.from(name), width: 1 };
    this.#direct.set(topic, [queue]);
    return topic;
  }

  /** The queues that a record of the topic goes to. */
  ofTopic(handle: StoreTopic): readonly MemoryQueue[] {
    const direct = this.#direct.get(handle);
    if (direct !== undefined) return direct;
    const topic = this.topic(handle.name);
    if (topic.filterVersion === this.#filters.version) return topic.queues;
    const names = [topicQueueName(topic.name)];
    if (p2pClientId(topic.name) === undefined) {
      names.push(...this.#filters.matching(topic.name).map(filterQueueName));
    }
    topic.queues = names.map((name) => this.get(name));
    topic.filterVersion = this.#filters.version;
    return topic.queues;
  }
}
