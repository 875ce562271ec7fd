import { NO_EXPIRY } from '../../lmq/spi/record.ts';
import { FrameReader } from '../codec/frame.ts';
import { ProtocolVersion } from '../codec/protocol-version.ts';
import {
  encodePublish,
  encodePublish5,
  propertiesLength5,
  PUBLISH_BYTE,
  publishSize5,
  RETAIN_FLAG,
} from '../codec/publish-encoder.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import type { GatewayLimits } from '../options.ts';
import type { TopicEntry } from '../routing/topic-table.ts';
import { type DeliveryOptions, PLAIN_OPTIONS } from '../session/delivery-options.ts';
import type { Session, SessionLink, SessionSubscription } from '../session/session.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import { hasRoom } from '../session/window-sender.ts';

const NO_PROPERTIES = Buffer.alloc(0);
const runFrame = new FrameReader();

/** One message on its way to live subscribers at QoS 0; the payload is `chunk[payloadStart, payloadEnd)`. */
export interface LiveMessage {
  /** RETAIN as published: for subscriptions that want it. */
  readonly retain: boolean;
  readonly properties: Buffer;
  readonly expirySeconds: number;
  readonly chunk: Buffer;
  readonly payloadStart: number;
  readonly payloadEnd: number;
}

/** Delivers at effective QoS 0: at once, to those connected here, if their sockets have room. */
export class LiveForwarder {
  readonly #sessions: SessionRegistry;
  readonly #stats: GatewayStats;
  readonly #limits: GatewayLimits;

  constructor(sessions: SessionRegistry, stats: GatewayStats, limits: GatewayLimits) {
    this.#sessions = sessions;
    this.#stats = stats;
    this.#limits = limits;
  }

  /**
   * Consecutive QoS 0 packets of one topic, without DUP, RETAIN and (MQTT 5) properties: copied as they
   * are to subscribers of the same form, encoded again for the others.
   */
  forwardRun(
    entry: TopicEntry,
    chunk: Buffer,
    start: number,
    end: number,
    count: number,
    isVersion5: boolean,
    publisher: Session,
  ): void {
    this.#forEach(entry, entry.all, publisher, count, (link, options) => {
      const same = (link.version === ProtocolVersion.MQTT_5) === isVersion5;
      const fits = link.maximumPacketSize >= this.#limits.maxPacketSize;
      if (same && fits && options.subscriptionId === 0) {
        link.out.append(chunk, start, end);
        link.wantFlush();
        this.#stats.messagesSent += count;
        return;
      }
      this.#encodeRun(entry, chunk, start, end, isVersion5, link, options);
    });
  }

  /** One message of any QoS to `subscriptions` of its topic (or its peer). */
  forward(
    entry: TopicEntry,
    subscriptions: readonly SessionSubscription[],
    message: LiveMessage,
    publisher: Session | undefined,
  ): void {
    this.#forEach(entry, subscriptions, publisher, 1, (link, options) => {
      this.#encode(entry, message, link, options);
    });
  }

  #encodeRun(
    entry: TopicEntry,
    chunk: Buffer,
    start: number,
    end: number,
    isVersion5: boolean,
    link: SessionLink,
    options: DeliveryOptions,
  ): void {
    // Topic and, in MQTT 5, the length of no properties.
    const head = 2 + entry.bytes.length + (isVersion5 ? 1 : 0);
    for (let at = start; at < end; at = runFrame.end) {
      runFrame.next(chunk, at, end, Infinity);
      const message = {
        retain: false,
        properties: NO_PROPERTIES,
        expirySeconds: NO_EXPIRY,
        chunk,
        payloadStart: runFrame.bodyStart + head,
        payloadEnd: runFrame.end,
      };
      this.#encode(entry, message, link, options);
    }
  }

  #encode(
    { bytes }: TopicEntry,
    message: LiveMessage,
    link: SessionLink,
    { retainAsPublished, subscriptionId }: DeliveryOptions,
  ): void {
    const { properties, expirySeconds, chunk, payloadStart, payloadEnd, retain } = message;
    const first = retain && retainAsPublished ? PUBLISH_BYTE | RETAIN_FLAG : PUBLISH_BYTE;
    if (link.version !== ProtocolVersion.MQTT_5) {
      encodePublish(link.out, first, 0, bytes, 0, bytes.length, chunk, payloadStart, payloadEnd);
    } else {
      const length = propertiesLength5(properties.length, expirySeconds, subscriptionId);
      const size = publishSize5(first, bytes.length, length, payloadEnd - payloadStart);
      if (size > link.maximumPacketSize) {
        this.#stats.messagesTooLarge++;
        return;
      }
      encodePublish5(
        link.out,
        first,
        0,
        bytes,
        0,
        bytes.length,
        properties,
        expirySeconds,
        subscriptionId,
        chunk,
        payloadStart,
        payloadEnd,
      );
    }
    link.wantFlush();
    this.#stats.messagesSent++;
  }

  #forEach(
    entry: TopicEntry,
    subscriptions: readonly SessionSubscription[],
    publisher: Session | undefined,
    count: number,
    send: (link: SessionLink, options: DeliveryOptions) => void,
  ): void {
    const { highWater } = this.#limits;
    if (entry.peer !== undefined) {
      const link = this.#sessions.connected(entry.peer)?.link;
      if (link === undefined) return;
      if (hasRoom(link, highWater)) send(link, PLAIN_OPTIONS);
      else this.#stats.qos0Dropped += count;
      return;
    }
    for (const { session, options } of subscriptions) {
      const { link } = session;
      if (link === undefined || (options.noLocal && session === publisher)) continue;
      if (hasRoom(link, highWater)) send(link, options);
      else this.#stats.qos0Dropped += count;
    }
  }
}
