import { isServerTopic } from '../routing/server-topic.ts';
import type { RetainedTopic } from './retained-index.ts';

/** Where retained messages are looked up for a new subscription. */
export interface RetainedLookUp {
  /** False when certainly no topic matches the filter. */
  mayMatch(filter: string): boolean;
  /** Topics that a valid filter matches; undefined now and then, so that a long walk can give way. */
  match(filter: string): Generator<RetainedTopic | undefined, void, void>;
  /** Undefined when `match` knows every topic that the filter matches; else resolves when it does. */
  ready(filter: string): Promise<void> | undefined;
  /** The retained records of topics that one filter has matched; undefined for one that has gone. */
  read(topics: readonly string[]): Promise<(Buffer | undefined)[]>;
}

/** Two look-ups as one: of what was published, and of the server's own topics. */
export class RetainedLookUps implements RetainedLookUp {
  readonly #published: RetainedLookUp;
  readonly #own: RetainedLookUp;

  constructor(published: RetainedLookUp, own: RetainedLookUp) {
    this.#published = published;
    this.#own = own;
  }

  mayMatch(filter: string): boolean {
    return this.#of(filter).mayMatch(filter);
  }

  match(filter: string): Generator<RetainedTopic | undefined, void, void> {
    return this.#of(filter).match(filter);
  }

  ready(filter: string): Promise<void> | undefined {
    return this.#of(filter).ready(filter);
  }

  read(topics: readonly string[]): Promise<(Buffer | undefined)[]> {
    return this.#of(topics[0] ?? '').read(topics);
  }

  /** No filter matches topics of both: the first level of a server topic is matched by its name alone [MQTT-4.7.2-1]. */
  #of(filterOrTopic: string): RetainedLookUp {
    return isServerTopic(filterOrTopic) ? this.#own : this.#published;
  }
}
