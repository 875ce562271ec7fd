import type { SessionSubscription } from '../session/session.ts';
import { isValidMqttUtf8 } from '../../common/bytes/utf8.ts';
import { p2pClientId } from '../../common/topic/p2p-topic.ts';
import { isValidTopicName } from '../../common/topic/topic-name.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import type { StoreTopic } from '../../lmq/spi/types.ts';
import { MqttProtocolError, TopicLimitError } from '../codec/protocol-error.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import { exceedsTopicLimits, type TopicLimits } from './topic-limits.ts';
import { PublishRefusal } from './publish-refusal.ts';
import type { RetainedTopic } from '../retained/retained-index.ts';
import type { LiveSubscriptions, SharedAudience } from './live-subscriptions.ts';
import type { TopicMetadata } from './topic-metadata.ts';

/** What the hot path knows of one topic name. */
export interface TopicEntry {
  readonly name: string;
  readonly bytes: Buffer;
  /** Of `bytes`; made when the name is compared with what comes in. */
  view: DataView | undefined;
  /** `refresh` replaces it when topics have moved to other stores. */
  topic: StoreTopic;
  /** Client id of a P2P topic. */
  readonly peer: string | undefined;
  /** Version of the live subscriptions that the two lists were matched with. */
  version: number;
  /** Everybody subscribed: gets what is published at QoS 0. */
  all: SessionSubscription[];
  /** Those with QoS 0 granted: get everything live. */
  atQos0: SessionSubscription[];
  /** Shared groups: one member of each gets what is published at QoS 0. */
  groups: SharedAudience[];
  /** What a publish takes, in the units of `PublishTurns`; 0: too little to ask for. `measure` sets it. */
  work: number;
  /** What the list of retained messages knew of the topic when one was published last. */
  retained: RetainedTopic | undefined;
}

/** Names remembered. A name beyond costs a look-up again, nothing else. */
const CAPACITY = 100_000;
/** Memory that entries may take, about: a name has up to 65,535 bytes and any number of subscribers. */
const CAPACITY_BYTES = 64 * 1024 * 1024;
/** Per byte of a name: map key, string, UTF-8. */
const NAME_COPIES = 4;
const SUBSCRIBER_BYTES = 32;

/** Work for a name that the store does not know of late: it makes or loads a queue for it. */
const NEW_TOPIC_WORK = 64;
/** Subscriptions and queues from which on a publish is work to ask for. */
const WIDE = 8;
/** Is found out with the next publish. */
const UNMEASURED = 1;

/** Finds out what the publishes of a topic take from now on. */
export function measure(entry: TopicEntry): void {
  const { width } = entry.topic;
  const most = Math.max(entry.all.length + entry.groups.length, width);
  if (most >= WIDE) entry.work = most;
  else entry.work = width === 0 ? UNMEASURED : 0;
}

/** Topic name → store topic and live subscribers: one Map look-up for a name that has been seen. */
export class TopicTable {
  readonly #store: LmqStore;
  readonly #live: LiveSubscriptions;
  readonly #metadata: TopicMetadata;
  readonly #topicLimits: TopicLimits;
  /** Keyed by the name's bytes read as Latin-1: no decoding on the hot path, and injective. */
  #entries = new Map<string, TopicEntry>();
  /** Grows only: lists that were replaced count on until everything is forgotten. */
  #bytes = 0;
  /** Entries that somebody keeps may be of another store than their topic is now. */
  #hasMoved = false;
  /** Counts the times that all entries became invalid. */
  #generation = 1;

  constructor(
    store: LmqStore,
    live: LiveSubscriptions,
    metadata: TopicMetadata,
    topicLimits: TopicLimits,
  ) {
    this.#store = store;
    this.#live = live;
    this.#metadata = metadata;
    this.#topicLimits = topicLimits;
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

  /**
   * An entry of a topic of the server itself, to be kept by whoever publishes to it: it is not in the table,
   * where clients would find it.
   */
  serverEntry(name: string): TopicEntry {
    return this.#newEntry(name);
  }

  /** Topics may go to other stores from now on. */
  spreadChanged(): void {
    this.#hasMoved = true;
    this.#live.version++;
    this.#forgetAll();
  }

  /** Matches the entry with the live subscriptions again if they have changed. */
  refresh(entry: TopicEntry): void {
    if (entry.version !== this.#live.version) this.#matchAgain(entry);
  }

  /**
   * On its own: V8 makes the context of the closures here when a function begins, which would be 48 bytes for each
   * message.
   */
  #matchAgain(entry: TopicEntry): void {
    if (this.#hasMoved) entry.topic = this.#store.topic(entry.name);
    const all: SessionSubscription[] = [];
    const groups: SharedAudience[] = [];
    if (entry.peer === undefined) {
      this.#live.match(entry.name, (subscription) => {
        if (subscription.session.mayReceive?.(entry.name) === false) return;
        all.push(subscription);
      });
      this.#live.matchGroups(entry.name, (group) => {
        groups.push(group);
      });
    }
    entry.groups = groups;
    entry.all = all;
    entry.atQos0 = all.filter((subscription) => subscription.qos === 0);
    entry.version = this.#live.version;
    if (entry.work === 0) entry.work = UNMEASURED;
    this.#grow((all.length + groups.length) * SUBSCRIBER_BYTES);
  }

  /** Who may publish and receive has changed: every entry is looked up, and asked about, again. */
  authorizationChanged(): void {
    this.#live.version++;
    this.#forgetAll();
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
    if (exceedsTopicLimits(name, end - start, this.#topicLimits)) {
      throw new TopicLimitError('topic name has too many levels or bytes');
    }
    if (!this.#metadata.isPublishable(name)) {
      throw new PublishRefusal(
        ReasonCode.TOPIC_NAME_INVALID,
        'first level of the topic is not registered (ALL_FIRST_TOPICS)',
      );
    }
    if (this.#entries.size >= CAPACITY) this.#forgetAll();
    this.#grow(key.length * NAME_COPIES);
    const entry = this.#newEntry(name);
    this.#entries.set(key, entry);
    return entry;
  }

  #newEntry(name: string): TopicEntry {
    const topic = this.#store.topic(name);
    return {
      name,
      bytes: topic.bytes,
      view: undefined,
      topic,
      peer: p2pClientId(name),
      version: 0,
      all: [],
      atQos0: [],
      groups: [],
      work: topic.width === 0 ? NEW_TOPIC_WORK : UNMEASURED,
      retained: undefined,
    };
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
