import type { TopicNumber } from '../../rpc/messages/store-v1.ts';
import type { RemoteTopic } from './remote-topic.ts';
import type { SealedBatch } from './sealed-batch.ts';

/** Numbers after which they begin anew with the next batch: what the store has to keep for a node. */
const MAX_NUMBERS = 65_536;

/**
 * Gives topics the numbers that stand for them in batches. A number means one topic within a batch; a
 * later batch may define it anew.
 */
export class TopicNumbers {
  readonly #max: number;
  #generation = 0;
  #next = 1;

  constructor(max: number = MAX_NUMBERS) {
    this.#max = max;
  }

  /** To be called before the first record of each batch. */
  beginBatch(): void {
    if (this.#next <= this.#max) return;
    this.#generation++;
    this.#next = 1;
  }

  /** Returns whether it had none: the store has to look it up. */
  assign(topic: RemoteTopic): boolean {
    if (topic.generation === this.#generation) return false;
    topic.generation = this.#generation;
    topic.number = this.#next++;
    return true;
  }
}

/** What the numbers mean to the store, on one connection. */
export class DefinedTopics {
  readonly #topics: (RemoteTopic | undefined)[] = [];

  /** The definitions that a batch needs and the store does not have. */
  missing({ topics, topicNumbers }: SealedBatch): TopicNumber[] {
    const missing: TopicNumber[] = [];
    for (let i = 0; i < topics.length; i++) {
      const topic = topics[i] as RemoteTopic;
      const number = topicNumbers[i] as number;
      if (this.#topics[number] === topic) continue;
      while (this.#topics.length < number) this.#topics.push(undefined);
      this.#topics[number] = topic;
      missing.push({ number, name: topic.name, directQueue: topic.directQueue });
    }
    return missing;
  }
}
