import type { LmqStore } from '../lmq/spi/lmq-store.ts';
import { NO_EXPIRY, RECORD_RETAIN } from '../lmq/spi/record.ts';
import type { CommitNumber } from '../lmq/spi/types.ts';
import type { LiveForwarder } from './channel/live-forwarder.ts';
import type { Will } from './codec/will.ts';
import type { RetainedMessages } from './retained/retained-messages.ts';
import type { TopicEntry, TopicTable } from './routing/topic-table.ts';

/** What is published, in whole. */
export type OutgoingMessage = Pick<
  Will,
  'topic' | 'payload' | 'qos' | 'retain' | 'expirySeconds' | 'properties'
>;

/** Publishes what did not come in a PUBLISH packet, as if it had: log, live subscribers, retained. */
export class MessagePublisher {
  readonly #store: LmqStore;
  readonly #topics: TopicTable;
  readonly #forwarder: LiveForwarder;
  readonly #retained: RetainedMessages;

  constructor(
    store: LmqStore,
    topics: TopicTable,
    forwarder: LiveForwarder,
    retained: RetainedMessages,
  ) {
    this.#store = store;
    this.#topics = topics;
    this.#forwarder = forwarder;
    this.#retained = retained;
  }

  /**
   * Writes into the store's open commit.
   * @param publisher client id
   * @throws MqttProtocolError when the topic may not be published to
   */
  publish(message: OutgoingMessage, publisher: string): CommitNumber {
    const name = Buffer.from(message.topic);
    return this.publishTo(this.#topics.lookUp(name, 0, name.length), message, publisher);
  }

  /** As {@link publish}, to an entry that is at hand. */
  publishTo(
    entry: TopicEntry,
    message: Omit<OutgoingMessage, 'topic'>,
    publisher: string,
  ): CommitNumber {
    const { qos, retain, payload, properties, expirySeconds = NO_EXPIRY } = message;
    this.#topics.refresh(entry);
    const head = {
      flags: retain ? qos | RECORD_RETAIN : qos,
      publisher: Buffer.from(publisher),
      properties,
      expirySeconds,
    };
    const commit = this.#store.append(entry.topic, head, payload, 0, payload.length);
    if (retain) this.#retained.put(entry, head, payload, 0, payload.length);
    const range = { payloadStart: 0, payloadEnd: payload.length };
    const live = { retain, properties, expirySeconds, chunk: payload, ...range };
    this.#forwarder.publish(entry, qos, live, undefined);
    return commit;
  }
}
