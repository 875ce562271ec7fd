import type { Clock } from '../../common/clock.ts';
import { NO_EXPIRY } from '../../lmq/spi/record.ts';
import { RetainedIndex, type RetainedTopic } from '../retained/retained-index.ts';
import type { RetainedLookUp } from '../retained/retained-look-up.ts';
import { encodeRetainedRecord } from '../retained/retained-record.ts';

const NOTHING = Buffer.alloc(0);
const HEAD = { flags: 0, publisher: NOTHING, properties: NOTHING, expirySeconds: NO_EXPIRY };

/**
 * The last value of each `$SYS` topic, in memory: what a new subscription gets as retained messages. They
 * are not stored: after a restart they begin anew.
 */
export class SysValues implements RetainedLookUp {
  readonly #clock: Clock;
  readonly #index = new RetainedIndex();
  readonly #values = new Map<string, string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** False when the topic has this value already. */
  set(topic: string, text: string): boolean {
    if (this.#values.get(topic) === text) return false;
    this.#values.set(topic, text);
    this.#index.set({ topic, bytes: topic.length + text.length, expiresAt: Infinity });
    return true;
  }

  get(topic: string): string | undefined {
    return this.#values.get(topic);
  }

  mayMatch(filter: string): boolean {
    return this.#index.match(filter).next().done !== true;
  }

  match(filter: string): Generator<RetainedTopic | undefined, void, void> {
    return this.#index.match(filter);
  }

  ready(): undefined {
    return undefined;
  }

  read(topics: readonly string[]): Promise<(Buffer | undefined)[]> {
    const now = this.#clock.now();
    return Promise.resolve(topics.map((topic) => this.#encode(topic, now)));
  }

  #encode(topic: string, now: number): Buffer | undefined {
    const text = this.#values.get(topic);
    if (text === undefined) return undefined;
    const payload = Buffer.from(text);
    return encodeRetainedRecord(Buffer.from(topic), HEAD, payload, 0, payload.length, now);
  }
}
