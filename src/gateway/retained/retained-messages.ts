import type { Clock, Timer } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { isWildcardFilter } from '../../common/topic/topic-filter.ts';
import type { Cluster } from '../../lmq/spi/cluster.ts';
import type { MessageHead } from '../../lmq/spi/message-head.ts';
import type { CommitLog, StateStore } from '../../lmq/spi/lmq-store.ts';
import { StateSpace } from '../../lmq/spi/types.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { GatewayLimits } from '../options.ts';
import { RetainedExpiry } from './retained-expiry.ts';
import { RetainedFeed } from './retained-feed.ts';
import { GONE, RetainedIndex, type RetainedTopic } from './retained-index.ts';
import { RetainedLoad } from './retained-load.ts';
import { RetainedReads } from './retained-reads.ts';
import { checkRetainedRecord, encodeRetainedRecord, retainedExpiresAt } from './retained-record.ts';

const SWEEP_INTERVAL_MS = 1000;

export type RetainedStore = StateStore & Pick<CommitLog, 'onCommit' | 'committed'>;

/** A topic as whoever publishes to it knows it. */
export interface PublishedTopic {
  readonly name: string;
  /** The name in UTF-8. */
  readonly bytes: Buffer;
  /** The client that messages to it are for, where it is one of P2P. */
  readonly peer: string | undefined;
  /** What the index knows of it is kept here. */
  retained: RetainedTopic | undefined;
}

export type RetainedLimits = Pick<GatewayLimits, 'maxRetainedMessages' | 'maxRetainedBytes'>;

/**
 * The last retained message of each topic [MQTT-3.3.1-5]: in the store by topic name, their names in
 * memory. What is written goes into the store's open commit, that of the message itself.
 */
export class RetainedMessages {
  readonly #store: RetainedStore;
  readonly #limits: RetainedLimits;
  readonly #stats: GatewayStats;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #index = new RetainedIndex();
  readonly #load: RetainedLoad;
  /** Undefined where other gateways write too. */
  readonly #reads: RetainedReads | undefined;
  readonly #expiry: RetainedExpiry;
  #timer: Timer | undefined;
  /** Undefined when no other gateway is on the store. */
  readonly #feed: RetainedFeed | undefined;
  readonly #whenJoined: (filter: string) => Promise<void> | undefined;

  constructor(
    store: RetainedStore,
    limits: RetainedLimits,
    stats: GatewayStats,
    clock: Clock,
    logger: Logger,
    cluster?: Cluster,
    whenJoined: (filter: string) => Promise<void> | undefined = () => undefined,
  ) {
    this.#whenJoined = whenJoined;
    this.#store = store;
    this.#limits = limits;
    this.#stats = stats;
    this.#clock = clock;
    this.#logger = logger;
    this.#expiry = new RetainedExpiry({
      cluster,
      onExpired: (topic, now) => {
        this.#expire(topic, now);
      },
      logger,
    });
    this.#load = new RetainedLoad({
      store,
      clock,
      logger,
      take: (topic, value) => {
        this.#take(topic, value);
      },
    });
    if (cluster === undefined) {
      this.#reads = new RetainedReads(store);
      return;
    }
    this.#feed = new RetainedFeed({
      cluster,
      store,
      apply: (topic, value) => {
        this.#apply(topic, value);
      },
      logger,
    });
  }

  /** Topics with a retained message. */
  get size(): number {
    return this.#index.size;
  }

  /** Size of all retained messages as stored. */
  get bytes(): number {
    return this.#index.bytes;
  }

  /**
   * Begins to read the names of what the store has. A few thousand are there when this resolves, the others
   * come while clients are served (`ready`); until then the limits see only what is there.
   */
  async start(): Promise<void> {
    // What is deleted from here on may be in the first portion still.
    this.#load.begin();
    await this.#feed?.start();
    await this.#load.start();
    this.#timer = this.#clock.every(SWEEP_INTERVAL_MS, () => {
      this.#reads?.age();
      this.#expiry.sweep(this.#clock.now());
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#load.stop();
  }

  /**
   * Keeps a message published with RETAIN 1 in place of the one before [MQTT-3.3.1-5], whatever its QoS
   * [MQTT-3.3.1-7]; an empty payload only removes [MQTT-3.3.1-10] [MQTT-3.3.1-11]. Beyond the limits a
   * topic that has none yet gets none, and a message that takes the room of no earlier one leaves none.
   * P2P messages are for one client and now, and are not retained. The payload is `payload[payloadStart, payloadEnd)`.
   */
  put(
    published: PublishedTopic,
    head: MessageHead,
    payload: Buffer,
    payloadStart: number,
    payloadEnd: number,
  ): void {
    const { name: topic, bytes, peer } = published;
    if (peer !== undefined) return;
    if (payloadStart === payloadEnd) {
      this.delete(topic);
      return;
    }
    const now = this.#clock.now();
    const value = encodeRetainedRecord(bytes, head, payload, payloadStart, payloadEnd, now);
    let known = published.retained;
    if (known === undefined || known.bytes === GONE) known = this.#index.get(topic);
    if (!this.#hasRoom(known, value.length)) {
      this.#stats.retainedRefused++;
      // The message before is not the last one any more: none at all is better than a wrong one.
      this.delete(topic);
      return;
    }
    const commit = this.#store.putState(StateSpace.RETAINED, topic, value, true);
    this.#feed?.wrote(topic, commit);
    published.retained = this.#note(topic, value, known);
    this.#count();
  }

  /** Forgets the message of a topic, if there is one. */
  delete(topic: string): void {
    // The store may have one that is not read yet, or another gateway may be writing one.
    const isAllKnown = this.#feed === undefined && this.#load.isOver;
    if (!this.#index.delete(topic) && isAllKnown) return;
    this.#expiry.delete(topic);
    this.#reads?.changed(topic);
    const commit = this.#store.deleteState(StateSpace.RETAINED, topic);
    if (!this.#load.isOver) this.#load.deleted(topic, commit);
    this.#feed?.wrote(topic, commit);
    this.#count();
  }

  /** Topics that a valid filter matches; see {@link RetainedIndex.match}. */
  match(filter: string): Generator<RetainedTopic | undefined, void, void> {
    if (this.#load.isOver || isWildcardFilter(filter)) return this.#index.match(filter);
    return oneTopic(filter);
  }

  /** False when certainly no topic matches the filter. */
  mayMatch(filter: string): boolean {
    if (!this.#load.isOver || this.#whenJoined(filter) !== undefined) return true;
    return this.#index.size > 0 && this.#index.match(filter).next().done !== true;
  }

  /** Undefined when `match` knows every topic; else resolves when it does. A name is asked of the store at once. */
  ready(filter: string): Promise<void> | undefined {
    if (!isWildcardFilter(filter)) return undefined;
    const joined = this.#whenJoined(filter);
    if (this.#load.isOver) return joined;
    return joined === undefined ? this.#load.done : joined.then(() => this.#load.done);
  }

  /** The messages of these topics now; undefined for one that has gone or expired. */
  async read(topics: readonly string[]): Promise<(Buffer | undefined)[]> {
    const values = await (this.#reads?.read(topics) ?? this.#ask(topics));
    const now = this.#clock.now();
    return values.map((value, i) => {
      if (value === undefined) return undefined;
      const topic = topics[i] as string;
      checkRetainedRecord(value, topic);
      if (retainedExpiresAt(value) > now) return value;
      this.#expire(topic, now);
      return undefined;
    });
  }

  #ask(topics: readonly string[]): Promise<(Buffer | undefined)[]> {
    return Promise.all(topics.map((topic) => this.#store.getState(StateSpace.RETAINED, topic)));
  }

  /** Another gateway has written. */
  #apply(topic: string, value: Buffer | undefined): void {
    if (value === undefined) {
      this.#index.delete(topic);
      this.#expiry.delete(topic);
      if (!this.#load.isOver) this.#load.deleted(topic, 0);
    } else {
      this.#noteChecked(topic, value, this.#index.get(topic));
    }
    this.#count();
  }

  /** The store has it. What is known of the topic is newer. */
  #take(topic: string, value: Buffer): void {
    if (this.#index.get(topic) !== undefined) return;
    this.#noteChecked(topic, value, undefined);
    this.#count();
  }

  #noteChecked(topic: string, value: Buffer, known: RetainedTopic | undefined): void {
    try {
      checkRetainedRecord(value, topic);
      this.#note(topic, value, known);
    } catch (error) {
      this.#logger.error({ topic, error: messageOf(error) }, 'skipping a retained message');
    }
  }

  /** @param known what the index has of the topic */
  #note(topic: string, value: Buffer, known: RetainedTopic | undefined): RetainedTopic {
    const expiresAt = retainedExpiresAt(value);
    const bytes = value.length;
    this.#reads?.changed(topic);
    if (expiresAt !== Infinity) this.#expiry.set(topic, expiresAt);
    else if (known !== undefined && known.expiresAt !== Infinity) this.#expiry.delete(topic);
    if (known === undefined) return this.#index.set({ topic, bytes, expiresAt });
    this.#index.update(known, bytes, expiresAt);
    return known;
  }

  /** @param before what the index has of the topic */
  #hasRoom(before: RetainedTopic | undefined, bytes: number): boolean {
    const { maxRetainedMessages, maxRetainedBytes } = this.#limits;
    if (before === undefined) {
      return this.size < maxRetainedMessages && this.bytes + bytes <= maxRetainedBytes;
    }
    return bytes <= before.bytes || this.bytes - before.bytes + bytes <= maxRetainedBytes;
  }

  #count(): void {
    this.#stats.retainedCurrent = this.#index.size;
    this.#stats.retainedBytes = this.#index.bytes;
  }

  #expire(topic: string, now: number): void {
    if (!this.#expiry.isMyDuty) return;
    // It may have been replaced since it was read.
    if ((this.#index.get(topic)?.expiresAt ?? Infinity) > now) return;
    this.#stats.messagesExpired++;
    this.delete(topic);
  }
}

/** A topic that the store has to be asked for. */
function* oneTopic(topic: string): Generator<RetainedTopic | undefined, void, void> {
  yield { topic, bytes: 0, expiresAt: Infinity };
}
