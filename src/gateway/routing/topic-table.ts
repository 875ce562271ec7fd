import type { SessionSubscription } from '../session/session.ts';
import { isValidMqttUtf8 } from '../../common/bytes/utf8.ts';
import { p2pClientId } from '../../common/topic/p2p-topic.ts';
import { isValidTopicName, levelCount } from '../../common/topic/topic-name.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import type { StoreTopic } from '../../lmq/spi/types.ts';
import { MqttProtocolError } from '../codec/protocol-error.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import { PublishRefusal } from './publish-refusal.ts';
import type { LiveSubscriptions } from './live-subscriptions.ts';
import type { TopicMetadata } from './topic-metadata.ts';

/** What the hot path knows of one topic name. */
export interface TopicEntry {
  readonly name: string;
  readonly bytes: Buffer;
  readonly topic: StoreTopic;
  /** Client id of a P2P topic. */
  readonly peer: string | undefined;
  /** Version of the live subscriptions that the two lists were matched with. */
  version: number;
  /** Everybody subscribed: gets what is published at QoS 0. */
  all: SessionSubscription[];
  /** Those with QoS 0 granted: get everything live. */
  atQos0: SessionSubscription[];
}

/** Names remembered. A name beyond costs a look-up again, nothing else. */
const CAPACITY = 100_000;
/** Memory that entries may take, about: a name has up to 65,535 bytes and any number of subscribers. */
const CAPACITY_BYTES = 64 * 1024 * 1024;
/** Per byte of a name: map key, string, UTF-8. */
const NAME_COPIES = 4;
const SUBSCRIBER_BYTES = 32;

/** Topic name → store topic and live subscribers: one Map look-up for a name that has been seen. */
export class TopicTable {
  readonly #store: LmqStore;
  readonly #live: LiveSubscriptions;
  readonly #metadata: TopicMetadata;
  readonly #maxLevels: number;
  /** Keyed by the name's bytes read as Latin-1: no decoding on the hot path, and injective. */
  #entries = new Map<string, TopicEntry>();
  /** Grows only: lists that were replaced count on until everything is forgotten. */
  #bytes = 0;
  /** Counts the times that all entries became invalid. */
  #generation = 1;

  constructor(
    store: LmqStore,
    live: LiveSubscriptions,
    metadata: TopicMetadata,
    maxLevels: number,
  ) {
    this.#store = store;
    this.#live = live;
    this.#metadata = metadata;
    this.#maxLevels = maxLevels;
    metadata.onChange(() => {
      this.#forgetAll();
    });
  }

  /** Names remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /** Changes when entries that connections hold on to are not to be used any more. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * The entry of the topic name in `buffer[start, end)`.
   * @throws MqttProtocolError TOPIC_NAME_INVALID for a malformed name, NOT_AUTHORIZED when its first
   *   level is not registered
   */
  lookUp(buffer: Buffer, start: number, end: number): TopicEntry {
    const key = buffer.toString('latin1', start, end);
    const entry = this.#entries.get(key) ?? this.#create(key, buffer, start, end);
    if (entry.version !== this.#live.version) this.refresh(entry);
    return entry;
  }

  /** Matches the entry with the live subscriptions again if they have changed. */
  refresh(entry: TopicEntry): void {
    if (entry.version === this.#live.version) return;
    const all: SessionSubscription[] = [];
    if (entry.peer === undefined) {
      this.#live.match(entry.name, (subscription) => {
        all.push(subscription);
      });
    }
    entry.all = all;
    entry.atQos0 = all.filter((subscription) => subscription.qos === 0);
    entry.version = this.#live.version;
    this.#grow(all.length * SUBSCRIBER_BYTES);
  }

  #create(key: string, buffer: Buffer, start: number, end: number): TopicEntry {
    if (!isValidMqttUtf8(buffer, start, end)) {
      throw new MqttProtocolError(ReasonCode.MALFORMED_PACKET, 'topic name is not valid UTF-8');
    }
    const name = buffer.toString('utf8', start, end);
    if (!isValidTopicName(name)) {
      throw new MqttProtocolError(
        ReasonCode.TOPIC_NAME_INVALID,
        'topic name is empty or has wildcards',
      );
    }
    if (levelCount(name) > this.#maxLevels) {
      throw new MqttProtocolError(
        ReasonCode.TOPIC_NAME_INVALID,
        `topic name has more than ${String(this.#maxLevels)} levels`,
      );
    }
    if (!this.#metadata.isPublishable(name)) {
      throw new PublishRefusal(
        ReasonCode.TOPIC_NAME_INVALID,
        'first level of the topic is not registered (ALL_FIRST_TOPICS)',
      );
    }
    if (this.#entries.size >= CAPACITY) this.#forgetAll();
    this.#grow(key.length * NAME_COPIES);
    const topic = this.#store.topic(name);
    const entry: TopicEntry = {
      name,
      bytes: topic.bytes,
      topic,
      peer: p2pClientId(name),
      version: 0,
      all: [],
      atQos0: [],
    };
    this.#entries.set(key, entry);
    return entry;
  }

  #grow(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > CAPACITY_BYTES) this.#forgetAll();
  }

  #forgetAll(): void {
    this.#entries = new Map();
    this.#bytes = 0;
    this.#generation++;
  }
}
