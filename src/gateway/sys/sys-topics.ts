import { getHeapStatistics } from 'node:v8';
import type { Clock, Timer } from '../../common/clock.ts';
import type { EventLoopStalls } from '../../common/event-loop-stalls.ts';
import { NO_EXPIRY } from '../../lmq/spi/record.ts';
import type { LmqStore } from '../../lmq/spi/lmq-store.ts';
import type { LiveForwarder } from '../channel/live-forwarder.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { TopicEntry, TopicTable } from '../routing/topic-table.ts';
import type { SessionLog } from '../session/session-log.ts';
import { LoadAverage } from './load-average.ts';
import type { SysSample } from './sys-sample.ts';
import { LOAD_MINUTES, topicNames, type SysTopic } from './sys-topic.ts';
import { sysTopicTable } from './sys-topic-table.ts';
import type { SysTopicsOptions } from './sys-topics-options.ts';
import { SysValues } from './sys-values.ts';

export interface SysTopicsParts extends SysTopicsOptions {
  readonly store: LmqStore;
  readonly topics: TopicTable;
  readonly forwarder: LiveForwarder;
  readonly sessionLog: SessionLog;
  readonly stats: GatewayStats;
  readonly clock: Clock;
  /** Started and stopped with this. */
  readonly stalls: EventLoopStalls;
}

/** A topic that is published, and how its value comes about. */
interface Published {
  readonly entry: TopicEntry;
  /** The text of the sample; undefined when it cannot have changed. */
  next(sample: SysSample, elapsedMs: number): string | undefined;
}

const NO_PROPERTIES = Buffer.alloc(0);

/**
 * Publishes the `$SYS` topics: at QoS 0, to those that are subscribed now, when a value has changed. What a
 * new subscription gets is in `values`. Nothing of it is stored.
 */
export class SysTopics {
  readonly values: SysValues;
  readonly #parts: SysTopicsParts;
  readonly #published: readonly Published[];
  #unsentBytes: () => number = () => 0;
  #timer: Timer | undefined;
  #startedAt = 0;
  #sampledAt = 0;
  #heapMaximum = 0;

  constructor(parts: SysTopicsParts) {
    this.#parts = parts;
    this.values = new SysValues(parts.clock);
    this.#published = sysTopicTable.flatMap((topic) => this.#entriesOf(topic));
  }

  /** @param unsentBytes what waits for the sockets of all connections */
  async start(unsentBytes: () => number): Promise<void> {
    const { clock, intervalSeconds } = this.#parts;
    this.#unsentBytes = unsentBytes;
    this.#startedAt = clock.monotonic();
    this.#sampledAt = this.#startedAt;
    await this.#parts.stalls.start();
    this.#publish();
    this.#timer = clock.every(intervalSeconds * 1000, () => {
      this.#publish();
    });
  }

  async stop(): Promise<void> {
    if (this.#timer === undefined) return;
    this.#timer.cancel();
    this.#timer = undefined;
    await this.#parts.stalls.stop();
  }

  #publish(): void {
    const now = this.#parts.clock.monotonic();
    const elapsedMs = now - this.#sampledAt;
    this.#sampledAt = now;
    const sample = this.#sample(now);
    for (const published of this.#published) {
      const { entry } = published;
      const text = published.next(sample, elapsedMs);
      if (text !== undefined && this.values.set(entry.name, text)) this.#forward(entry, text);
    }
  }

  #forward(entry: TopicEntry, text: string): void {
    const { topics, forwarder } = this.#parts;
    topics.refresh(entry);
    if (entry.all.length === 0 && entry.groups.length === 0) return;
    const chunk = Buffer.from(text);
    const message = {
      retain: true,
      properties: NO_PROPERTIES,
      expirySeconds: NO_EXPIRY,
      chunk,
      payloadStart: 0,
      payloadEnd: chunk.length,
    };
    forwarder.publish(entry, 0, message, undefined);
  }

  #sample(now: number): SysSample {
    const { stats, store, sessionLog, version, stalls } = this.#parts;
    const heap = getHeapStatistics();
    const heapBytes = heap.used_heap_size + heap.external_memory;
    this.#heapMaximum = Math.max(this.#heapMaximum, heapBytes);
    return {
      version,
      uptimeSeconds: (now - this.#startedAt) / 1000,
      gateway: stats,
      store: store.stats,
      backlogBytes: store.backlogBytes,
      unsentBytes: this.#unsentBytes(),
      dirtySessions: sessionLog.dirtyCount,
      heapBytes,
      heapMaximum: this.#heapMaximum,
      stalls,
    };
  }

  #entriesOf(topic: SysTopic): readonly Published[] {
    const { topics } = this.#parts;
    const entries = topicNames(topic).map((name) => topics.serverEntry(name));
    if (topic.kind === 'value') {
      return entries.map((entry) => ({ entry, next: (sample) => String(topic.read(sample)) }));
    }
    return entries.map((entry, i) => publishedLoad(topic, entry, LOAD_MINUTES[i] as number));
  }
}

function publishedLoad({ read }: SysTopic, entry: TopicEntry, minutes: number): Published {
  const average = new LoadAverage(minutes);
  let before: number | undefined;
  return {
    entry,
    next(sample, elapsedMs) {
      const count = Number(read(sample));
      const grown = count - (before ?? count);
      const isFirst = before === undefined;
      before = count;
      const changed = average.update(grown, elapsedMs);
      return changed || isFirst ? average.text : undefined;
    },
  };
}
