import type { Clock, Timer } from '../../common/clock.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { MessagePublisher } from '../message-publisher.ts';
import type { TopicEntry } from '../routing/topic-table.ts';

/** How long an event waits for others, ms. */
const DELAY_MS = 20;
/** Events that wait at most. */
const CAPACITY = 256;
/** The server itself: no client has an empty identifier. */
const PUBLISHER = '';
const QOS = 1;
/** Payload format indicator 1 and content type (MQTT 5 §3.3.2.3). */
const JSON_PROPERTIES = Buffer.concat([
  Buffer.from([0x01, 1, 0x03, 0, 16]),
  Buffer.from('application/json'),
]);

interface Waiting {
  readonly entry: TopicEntry;
  readonly payload: string;
}

export interface EventBatchParts {
  readonly stores: Stores;
  readonly publisher: MessagePublisher;
  readonly stats: GatewayStats;
  readonly clock: Clock;
}

/**
 * Events on their way to the log. Clients come and go in turns of the event loop of their own, and a commit for
 * each of them would cost more than all the rest of their CONNECT: so events wait a moment for each other.
 * While the store has more to write than it should, they are left out, and counted.
 */
export class EventBatch {
  readonly #parts: EventBatchParts;
  #waiting: Waiting[] = [];
  #timer: Timer | undefined;

  constructor(parts: EventBatchParts) {
    this.#parts = parts;
  }

  add(entry: TopicEntry, payload: string): void {
    this.#waiting.push({ entry, payload });
    if (this.#waiting.length >= CAPACITY) {
      this.flush();
      return;
    }
    this.#timer ??= this.#parts.clock.after(DELAY_MS, () => {
      this.flush();
    });
  }

  /** Publishes what waits. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    const { stores, publisher, stats } = this.#parts;
    for (const { entry, payload } of waiting) {
      if (!stores.member(entry.topic.lane).writable) {
        stats.clientEventsDropped++;
        continue;
      }
      const message = {
        payload: Buffer.from(payload),
        qos: QOS,
        retain: false,
        expirySeconds: undefined,
        properties: JSON_PROPERTIES,
      } as const;
      publisher.publishTo(entry, message, PUBLISHER);
      stats.clientEvents++;
    }
  }
}
