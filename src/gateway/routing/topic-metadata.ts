import { systemClock } from '../../common/clock.ts';
import type { Clock } from '../../common/clock.ts';
import type { Service } from '../../common/lifecycle.ts';
import type { Logger } from '../../common/logger.ts';
import { isWildcardFilter } from '../../common/topic/topic-filter.ts';
import { firstLevel } from '../../common/topic/topic-name.ts';
import type { Lane } from '../../lmq/spi/lane.ts';
import type { FilterTable } from '../../lmq/spi/lmq-store.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { Queue } from '../../lmq/spi/types.ts';
import { ALL_FIRST_TOPICS, LMQ_CONNECT_NODES, LMQ_NAMESPACE } from '../../namesrv/types.ts';
import type { KvChange, KvConfig } from '../../namesrv/types.ts';
import { EventInterest } from './event-interest.ts';
import { FilterLanes } from './filter-lanes.ts';
import { FilterUses } from './filter-uses.ts';
import { ServerFilters } from './server-filters.ts';
import { isServerTopic } from './server-topic.ts';
import { TopicDecision } from './topic-decision.ts';
import { FirstTopics, isReservedFirstTopic } from './topic-metadata-first-topics.ts';
import type { FirstTopicLimits } from './topic-metadata-first-topics.ts';
import { editList, splitList } from '../../common/comma-list.ts';
import type { WildcardLimits } from './topic-metadata-wildcards.ts';
import { Wildcards } from './topic-metadata-wildcards.ts';
import { TopicMetadataWriter } from './topic-metadata-writer.ts';
import type { KvEdit } from './topic-metadata-writer.ts';

/** Bounds on what clients can register by using it. */
export interface TopicMetadataLimits extends FirstTopicLimits, WildcardLimits {}

const DEFAULT_TOPIC_METADATA_LIMITS: TopicMetadataLimits = {
  maxFirstTopics: 100_000,
  maxFirstTopicsLength: 1024 * 1024,
  maxAutomaticWildcards: 100_000,
  maxAutomaticWildcardsLength: 3 * 1024 * 1024,
};

export interface TopicMetadataOptions {
  readonly kv: KvConfig;
  readonly filters: FilterTable;
  /** The stores behind `filters`, where there are several; default that is the only one. */
  readonly stores?: Stores | undefined;
  /** A new first level is registered by publishing or subscribing under it. */
  readonly autoCreateTopic: boolean;
  /** A new wildcard filter is registered by subscribing it, as long as it is used. */
  readonly autoCreateWildcard: boolean;
  /** Other gateways have the same KV config and store; default false. */
  readonly shared?: boolean;
  readonly logger: Logger;
  readonly limits?: Partial<TopicMetadataLimits>;
  readonly clock?: Clock;
  /** How long registrations are collected before they are written; default 100. */
  readonly writeDelayMs?: number;
}

const DEFAULT_WRITE_DELAY_MS = 100;

/**
 * What may be published and subscribed, from the KV keys of namespace `LMQ`: `ALL_FIRST_TOPICS`,
 * `{firstTopic}` and `LMQ_CONNECT_NODES`. Answers from memory; writes of its own go to the KV config
 * in the background, those of others are seen by its watch. KV config and store must run from before
 * `start` until after `stop`.
 */
export class TopicMetadata implements Service {
  /** Which client events are subscribed by anybody. */
  readonly eventInterest: EventInterest;
  readonly #options: TopicMetadataOptions;
  readonly #limits: TopicMetadataLimits;
  readonly #firstTopics: FirstTopics;
  readonly #wildcards: Wildcards;
  readonly #serverFilters: ServerFilters;
  readonly #lanes: FilterLanes;
  readonly #uses: FilterUses;
  readonly #writer: TopicMetadataWriter;
  readonly #listeners = new Set<() => void>();
  /** Addresses of this gateway; it has one, or few. */
  readonly #nodes = new Set<string>();
  readonly #formerNodes = new Set<string>();
  #unwatch: (() => void) | undefined;

  constructor(options: TopicMetadataOptions) {
    const { kv, filters, logger, autoCreateWildcard } = options;
    this.#options = options;
    this.#limits = { ...DEFAULT_TOPIC_METADATA_LIMITS, ...options.limits };
    this.#lanes = new FilterLanes(filters, options.stores);
    this.#serverFilters = new ServerFilters(this.#limits.maxAutomaticWildcards);
    this.eventInterest = new EventInterest(kv, logger);
    this.#uses = new FilterUses(this.#lanes, this.eventInterest, (filter) =>
      this.#wildcardsOf(filter),
    );
    this.#firstTopics = new FirstTopics(kv, this.#limits, logger);
    this.#writer = new TopicMetadataWriter({
      kv,
      compose: (key) => this.#compose(key),
      written: (key) => {
        this.#written(key);
      },
      clock: options.clock ?? systemClock,
      delayMs: options.writeDelayMs ?? DEFAULT_WRITE_DELAY_MS,
      logger,
    });
    const touch = (level: string): void => {
      this.#writer.touch(level);
    };
    this.#wildcards = new Wildcards({
      kv,
      filters,
      autoCreateWildcard,
      shared: options.shared ?? false,
      limits: this.#limits,
      touch,
      logger,
    });
  }

  start(): Promise<void> {
    if (this.#unwatch === undefined) {
      this.#firstTopics.load();
      this.#wildcards.start();
      this.#serverFilters.start(this.#options.filters);
      this.eventInterest.start(this.#options.filters);
      this.#unwatch = this.#options.kv.watch(LMQ_NAMESPACE, (change) => {
        this.#onKvChange(change);
      });
    }
    return this.#writer.flush();
  }

  /** Writes what is not written yet. */
  async stop(): Promise<void> {
    await this.#writer.flush();
    this.#writer.stop();
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.eventInterest.stop();
  }

  /** Whether a client may publish to a valid topic name; may register its first level. */
  isPublishable(topic: string): boolean {
    return this.publishDecision(topic) === TopicDecision.OK;
  }

  /** As {@link isPublishable}, with the reason. */
  publishDecision(topic: string): TopicDecision {
    if (isServerTopic(topic)) return TopicDecision.UNKNOWN_FIRST_TOPIC;
    const level = firstLevel(topic);
    if (this.#firstTopics.has(level)) return TopicDecision.OK;
    // What begins with $ is the server's [MQTT-4.7.2-1], unless an operator registered it.
    if (level.startsWith('$')) return TopicDecision.UNKNOWN_FIRST_TOPIC;
    return this.#createFirstTopic(level);
  }

  /** Whether a client may subscribe a valid filter; may register its first level. */
  subscribable(filter: string): TopicDecision {
    if (isServerTopic(filter)) {
      if (!ServerFilters.includes(filter) || this.#serverFilters.hasRoomFor(filter)) {
        return TopicDecision.OK;
      }
      return TopicDecision.LIMIT_REACHED;
    }
    const level = firstLevel(filter);
    if (isReservedFirstTopic(level)) return TopicDecision.RESERVED_FIRST_TOPIC;
    if (!isWildcardFilter(filter)) {
      if (this.#firstTopics.has(level)) return TopicDecision.OK;
      return this.#subscribeNewFirstTopic(level);
    }
    const decision = this.#wildcardDecision(filter);
    const isConcrete = !isWildcardFilter(level);
    if (decision === TopicDecision.OK && isConcrete && !this.#firstTopics.has(level)) {
      this.#subscribeNewFirstTopic(level);
    }
    return decision;
  }

  /**
   * Takes a use of the filter in each lane that it may lie in, the oldest first, and opens its queue there; every
   * later append reaches one of them. Exact filters are accepted for uniformity. All or none: when it rejects,
   * nothing is to be given back; else each queue is a use that needs its `releaseAt`, or all of them `release`.
   * @param durable true when the uses must survive a restart
   */
  acquire(filter: string, durable: boolean): Promise<readonly Queue[]> {
    return this.#uses.acquire(filter, durable);
  }

  /** As {@link acquire}, in one lane. Needs its `releaseAt`, unless it rejects. */
  acquireAt(filter: string, durable: boolean, lane: Lane): Promise<Queue> {
    return this.#uses.acquireAt(filter, durable, lane);
  }

  /** Takes one use back in each lane that the filter lies in; closes no queue. */
  release(filter: string, durable: boolean): void {
    this.#uses.release(filter, durable);
  }

  /** Takes one use back in one lane; closes no queue. */
  releaseAt(filter: string, durable: boolean, lane: Lane): void {
    this.#uses.releaseAt(filter, durable, lane);
  }

  /** A store has been added: what operators registered is heard from there too, before a message goes there. */
  laneAdded(lane: Lane): void {
    this.#lanes.pinIn(lane, this.#wildcards.pinned());
  }

  /** A store that was away at the start is there: its filters are those of the others, as far as operators say. */
  laneJoined(lane: Lane, filters: FilterTable): void {
    this.laneAdded(lane);
    this.#wildcards.unpinOthers(filters);
    this.#serverFilters.start(filters);
    for (const { filter, uses } of filters.listFilters()) {
      if (uses > 0) void this.eventInterest.want(filter);
    }
  }

  /**
   * Calls `listener` when others changed the first topics or wildcards, so that cached answers are no
   * longer right. What is registered here by use only adds, and is not told. Returns the unlisten.
   */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Adds this gateway's address to LMQ_CONNECT_NODES; resolves when that has been written. */
  async registerNode(address: string): Promise<void> {
    this.#nodes.add(address);
    this.#formerNodes.delete(address);
    this.#writer.touch(LMQ_CONNECT_NODES);
    await this.#writer.flush();
  }

  /** Takes this gateway's address out of LMQ_CONNECT_NODES. */
  async unregisterNode(address: string): Promise<void> {
    this.#nodes.delete(address);
    this.#formerNodes.add(address);
    this.#writer.touch(LMQ_CONNECT_NODES);
    await this.#writer.flush();
  }

  /** Who counts the uses of a filter; undefined for one without wildcards. */
  #wildcardsOf(filter: string): Wildcards | ServerFilters | undefined {
    if (ServerFilters.includes(filter)) return this.#serverFilters;
    return isWildcardFilter(filter) ? this.#wildcards : undefined;
  }

  #createFirstTopic(level: string): TopicDecision {
    if (isReservedFirstTopic(level)) return TopicDecision.RESERVED_FIRST_TOPIC;
    if (!this.#options.autoCreateTopic) return TopicDecision.UNKNOWN_FIRST_TOPIC;
    if (!this.#firstTopics.create(level)) return TopicDecision.LIMIT_REACHED;
    this.#writer.touch(ALL_FIRST_TOPICS);
    return TopicDecision.OK;
  }

  #subscribeNewFirstTopic(level: string): TopicDecision {
    if (!level.startsWith('$')) return this.#createFirstTopic(level);
    // May be listened to, but must not become publishable by that.
    return this.#options.autoCreateTopic ? TopicDecision.OK : TopicDecision.UNKNOWN_FIRST_TOPIC;
  }

  #wildcardDecision(filter: string): TopicDecision {
    if (this.#wildcards.has(filter)) return TopicDecision.OK;
    if (!this.#options.autoCreateWildcard) return TopicDecision.UNREGISTERED_WILDCARD;
    return this.#wildcards.hasRoomFor(filter) ? TopicDecision.OK : TopicDecision.LIMIT_REACHED;
  }

  #onKvChange(change: KvChange): void {
    if (this.#writer.isOwn(change)) return;
    if (change.key === LMQ_CONNECT_NODES) {
      this.#onNodesChange(change.value);
      return;
    }
    const changed =
      change.key === ALL_FIRST_TOPICS
        ? this.#firstTopics.load()
        : this.#wildcards.load(change.key, change.value);
    if (changed) for (const listener of [...this.#listeners]) listener();
  }

  /** A gateway is there whatever others have written: both wrote at once, or it had been taken for dead. */
  #onNodesChange(list: string | undefined): void {
    const listed = splitList(list);
    if ([...this.#nodes].some((node) => !listed.has(node))) this.#writer.touch(LMQ_CONNECT_NODES);
  }

  #compose(key: string): readonly KvEdit[] {
    if (key === ALL_FIRST_TOPICS) return [this.#firstTopics.compose()];
    if (key !== LMQ_CONNECT_NODES) return this.#wildcards.compose(key);
    const change = (list: string | undefined): string | undefined =>
      editList(list, this.#nodes, this.#formerNodes);
    return [{ namespace: LMQ_NAMESPACE, key, change }];
  }

  #written(key: string): void {
    if (key === ALL_FIRST_TOPICS) this.#firstTopics.written();
    else if (key !== LMQ_CONNECT_NODES) this.#wildcards.written(key);
  }
}
