import type { LaneNumbers } from './lane-numbers.ts';
import { RemoteTopic } from './remote-topic.ts';

/**
 * Topic handles by name. Handles in use lately are kept in two generations; an older one is found again
 * while anyone holds it, and is the garbage collector's otherwise.
 */
export class TopicHandles {
  readonly numbers: LaneNumbers;
  readonly #generationSize: number;
  #young = new Map<string, RemoteTopic>();
  #old = new Map<string, RemoteTopic>();
  readonly #held = new Map<string, WeakRef<RemoteTopic>>();
  readonly #gone: FinalizationRegistry<string>;

  constructor(maxIdleTopics: number, numbers: LaneNumbers) {
    this.numbers = numbers;
    this.#generationSize = Math.max(1, maxIdleTopics >>> 1);
    this.#gone = new FinalizationRegistry((name) => {
      if (this.#held.get(name)?.deref() === undefined) this.#held.delete(name);
    });
  }

  get(name: string): RemoteTopic {
    const young = this.#young.get(name);
    if (young !== undefined) return young;
    const topic = this.#findOlder(name) ?? new RemoteTopic(name, 0, this.numbers.lane);
    if (this.#young.size >= this.#generationSize) this.#age();
    this.#young.set(name, topic);
    return topic;
  }

  /** The handle if anyone has it. */
  find(name: string): RemoteTopic | undefined {
    return this.#young.get(name) ?? this.#findOlder(name);
  }

  #findOlder(name: string): RemoteTopic | undefined {
    return this.#old.get(name) ?? this.#held.get(name)?.deref();
  }

  #age(): void {
    for (const [name, topic] of this.#old) {
      if (this.#young.has(name) || this.#held.get(name)?.deref() === topic) continue;
      this.#held.set(name, new WeakRef(topic));
      this.#gone.register(topic, name);
    }
    this.#old = this.#young;
    this.#young = new Map();
  }
}
