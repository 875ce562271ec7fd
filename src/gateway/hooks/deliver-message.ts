import { type MessageProperties, storedSubscriptionIds } from '../codec/message-properties.ts';
import { MessageContent } from './message-content.ts';

/**
 * A message on its way to one subscriber. What a hook assigns goes to this subscriber alone. Valid during
 * the call only: copy what you keep, and assign a new payload, do not write into it.
 */
export interface DeliverMessage {
  readonly topic: string;
  /** Effective QoS: the lower one of publish and subscription. */
  readonly qos: 0 | 1 | 2;
  /** As it goes out: true for a retained message of a new subscription, and where it is asked for as published. */
  readonly retain: boolean;
  payload: Buffer;
  /** Goes to subscribers of MQTT 5 only. */
  properties: MessageProperties;
}

/** The message that deliver hooks are given. */
export class HookedDelivery extends MessageContent implements DeliverMessage {
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  #topic: string | undefined;
  readonly #topicBytes: Buffer;
  readonly #topicStart: number;
  readonly #topicEnd: number;

  /** The topic is `topicBytes[topicStart, topicEnd)`. */
  constructor(
    topicBytes: Buffer,
    topicStart: number,
    topicEnd: number,
    qos: number,
    retain: boolean,
    stored: Buffer,
    source: Buffer,
    start: number,
    end: number,
    maxBytes: number,
  ) {
    super(stored, source, start, end, maxBytes);
    this.#topicBytes = topicBytes;
    this.#topicStart = topicStart;
    this.#topicEnd = topicEnd;
    this.qos = qos as 0 | 1 | 2;
    this.retain = retain;
  }

  get topic(): string {
    return (this.#topic ??= this.#topicBytes.toString('utf8', this.#topicStart, this.#topicEnd));
  }

  /** The subscription identifier is not the message's, and stays [MQTT-3.3.4-3]. */
  protected override complete(encoded: Buffer): Buffer {
    return Buffer.concat([storedSubscriptionIds(this.stored), encoded]);
  }
}
