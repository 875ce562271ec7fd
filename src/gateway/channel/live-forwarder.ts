import type { Clock } from '../../common/clock.ts';
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
import type { DeliverHooks } from '../hooks/deliver-hooks.ts';
import type { GatewayLimits } from '../options.ts';
import type { TopicEntry } from '../routing/topic-table.ts';
import { type DeliveryOptions, PLAIN_OPTIONS } from '../session/delivery-options.ts';
import type { Session, SessionLink, SessionSubscription } from '../session/session.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import { hasRoom } from '../session/window-sender.ts';
import { LiveRounds } from './live-rounds.ts';

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

/** Delivers at effective QoS 0: at once or in the next round, to those connected here, if their sockets have room. */
export class LiveForwarder {
  readonly #sessions: SessionRegistry;
  readonly #stats: GatewayStats;
  readonly #limits: GatewayLimits;
  readonly #hooks: DeliverHooks | undefined;
  readonly #rounds: LiveRounds;
  /** What is being forwarded waits for a round. */
  #isHeld = false;
  /** Of the message that a member is being chosen for. */
  #topic = '';

  constructor(
    sessions: SessionRegistry,
    stats: GatewayStats,
    limits: GatewayLimits,
    clock: Clock,
    hooks?: DeliverHooks,
  ) {
    this.#rounds = new LiveRounds(clock);
    this.#hooks = hooks;
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
    payloadBytes: number,
    isVersion5: boolean,
    publisher: Session,
  ): void {
    this.#forEach(entry, entry.all, publisher, count, (link, options) => {
      const same = (link.version === ProtocolVersion.MQTT_5) === isVersion5;
      const fits = link.maximumPacketSize >= this.#limits.maxPacketSize;
      const plain = options.subscriptionId === 0 && link.outgoingAliases === undefined;
      if (same && fits && plain && this.#hooks === undefined) {
        link.out.append(chunk, start, end);
        this.#send(link);
        this.#stats.messagesSent += count;
        this.#stats.payloadBytesSent += payloadBytes;
        return;
      }
      this.#encodeRun(entry, chunk, start, end, isVersion5, link, options);
    });
    if (entry.groups.length > 0) this.#shareRun(entry, chunk, start, end, isVersion5, publisher);
  }

  /**
   * What is published, as it is published: at QoS 0 to everybody and to one member of each shared group,
   * above it to those with QoS 0 granted, because the others read it from the log.
   */
  publish(
    entry: TopicEntry,
    qos: number,
    message: LiveMessage,
    publisher: Session | undefined,
  ): void {
    if (qos > 0) {
      // The peer of a P2P topic reads its queue.
      if (entry.atQos0.length > 0) this.#forward(entry, entry.atQos0, message, publisher);
      return;
    }
    this.#forward(entry, entry.all, message, publisher);
    if (entry.groups.length > 0) this.#forwardShared(entry, message, publisher);
  }

  /** One message to one member of each shared group. */
  #forwardShared(entry: TopicEntry, message: LiveMessage, publisher: Session | undefined): void {
    for (const group of entry.groups) {
      this.#topic = entry.name;
      const member = group.choose(publisher?.clientId ?? '', entry.name, this.#takesMore);
      const link = member?.session.link;
      if (member === undefined || link === undefined) this.#stats.qos0Dropped++;
      else this.#encode(entry, message, link, member.options);
    }
  }

  /** One message to `subscriptions` of its topic (or its peer). */
  #forward(
    entry: TopicEntry,
    subscriptions: readonly SessionSubscription[],
    message: LiveMessage,
    publisher: Session | undefined,
  ): void {
    this.#forEach(entry, subscriptions, publisher, 1, (link, options) => {
      this.#encode(entry, message, link, options);
    });
  }

  readonly #takesMore = ({ session }: SessionSubscription): boolean =>
    session.link !== undefined &&
    session.mayReceive?.(this.#topic) !== false &&
    hasRoom(session.link, this.#limits.highWater);

  #shareRun(
    entry: TopicEntry,
    chunk: Buffer,
    start: number,
    end: number,
    isVersion5: boolean,
    publisher: Session,
  ): void {
    this.#forEachOfRun(entry, chunk, start, end, isVersion5, (message) => {
      this.#forwardShared(entry, message, publisher);
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
    this.#forEachOfRun(entry, chunk, start, end, isVersion5, (message) => {
      this.#encode(entry, message, link, options);
    });
  }

  #forEachOfRun(
    entry: TopicEntry,
    chunk: Buffer,
    start: number,
    end: number,
    isVersion5: boolean,
    send: (message: LiveMessage) => void,
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
      send(message);
    }
  }

  #encode(
    { bytes }: TopicEntry,
    published: LiveMessage,
    link: SessionLink,
    { retainAsPublished, subscriptionId }: DeliveryOptions,
  ): void {
    const isRetain = published.retain && retainAsPublished;
    const first = isRetain ? PUBLISH_BYTE | RETAIN_FLAG : PUBLISH_BYTE;
    const hooks = this.#hooks;
    const message = hooks === undefined ? published : hooks.live(link, first, bytes, published);
    if (message === undefined) return;
    const { properties, expirySeconds, chunk, payloadStart, payloadEnd } = message;
    if (link.version !== ProtocolVersion.MQTT_5) {
      encodePublish(link.out, first, 0, bytes, 0, bytes.length, chunk, payloadStart, payloadEnd);
    } else {
      const length = propertiesLength5(properties.length, expirySeconds, subscriptionId);
      const size = publishSize5(first, bytes.length, length, payloadEnd - payloadStart);
      if (size > link.maximumPacketSize) {
        this.#stats.messagesTooLarge++;
        return;
      }
      const { out, outgoingAliases: aliases } = link;
      const alias = aliases?.choose(bytes, 0, bytes.length, size);
      encodePublish5(
        out,
        first,
        0,
        bytes,
        0,
        aliases?.nameLength ?? bytes.length,
        properties,
        0,
        properties.length,
        expirySeconds,
        subscriptionId,
        chunk,
        payloadStart,
        payloadEnd,
        alias,
      );
    }
    this.#send(link);
    this.#stats.messagesSent++;
    this.#stats.payloadBytesSent += payloadEnd - payloadStart;
  }

  /** At the end of the turn, or with the others that wait for a round. */
  #send(link: SessionLink): void {
    if (this.#isHeld) this.#rounds.add(link);
    else link.wantFlush();
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
    this.#isHeld = this.#rounds.holds(subscriptions.length);
    for (const { session, options } of subscriptions) {
      const { link } = session;
      if (link === undefined || (options.noLocal && session === publisher)) continue;
      if (hasRoom(link, highWater)) send(link, options);
      else this.#stats.qos0Dropped += count;
    }
    this.#isHeld = false;
  }
}
