import type { Session, SessionLink, SessionSubscription } from '../session/session.ts';
import { Action } from '../../auth/types.ts';
import { NO_EXPIRY, RECORD_RETAIN } from '../../lmq/spi/record.ts';
import { AckByte } from '../codec/ack-byte.ts';
import { MqttProtocolError } from '../codec/protocol-error.ts';
import { encodePublish } from '../codec/publish-encoder.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import type { TopicEntry } from '../routing/topic-table.ts';
import type { ProtocolChannel } from './protocol-channel.ts';
import type { ChannelContext } from './channel-context.ts';

const NO_PROPERTIES = Buffer.alloc(0);
const PLAIN_QOS0 = 0x30;
const DUP = 0x08;
const RETAIN = 0x01;
/** Topic names that one connection is known to be allowed to publish to; more are asked again. */
const ALLOWED_CAPACITY = 256;

/**
 * PUBLISH in, of one connection. Decoded in place: the payload goes from the chunk into the store's
 * commit and, at effective QoS 0, into the subscribers' output. Consecutive QoS 0 packets of one topic
 * are forwarded as one run of bytes, because a 3.1.1 PUBLISH goes out as it came in.
 */
export class PublishReceiver {
  readonly #context: ChannelContext;
  readonly #channel: ProtocolChannel;
  readonly #session: Session;
  readonly #publisher: Buffer;
  #entry: TopicEntry | undefined;
  #generation = 0;
  #allowed: Set<TopicEntry> | undefined;
  #runStart = 0;
  #runEnd = -1;
  #runCount = 0;

  constructor(context: ChannelContext, channel: ProtocolChannel, session: Session) {
    this.#context = context;
    this.#channel = channel;
    this.#session = session;
    this.#publisher = Buffer.from(session.clientId);
  }

  /** One PUBLISH: fixed header at `start`, variable header at `bodyStart`, ends before `end`. */
  receive(chunk: Buffer, start: number, bodyStart: number, end: number): void {
    const first = chunk[start] as number;
    const qos = (first >> 1) & 0b11;
    if (qos === 3) throw malformed('PUBLISH with QoS 3 [MQTT-3.3.1-4]');
    const topicStart = bodyStart + 2;
    if (topicStart > end) throw malformed('PUBLISH without a topic');
    const topicEnd =
      topicStart + (((chunk[bodyStart] as number) << 8) | (chunk[bodyStart + 1] as number));
    if (topicEnd + (qos === 0 ? 0 : 2) > end) throw malformed('PUBLISH is cut short');
    const entry = this.#lookUp(chunk, topicStart, topicEnd);
    this.#context.stats.messagesReceived++;
    if (qos === 0) this.#receiveQos0(chunk, start, topicEnd, end, first, entry);
    else this.#receiveAcknowledged(chunk, topicEnd, end, first, qos, entry);
  }

  /** Forwards the run; to be called before the chunk goes. */
  endOfChunk(chunk: Buffer): void {
    if (this.#runEnd < 0) return;
    const entry = this.#entry as TopicEntry;
    const { topics, stats } = this.#context;
    topics.refresh(entry);
    const start = this.#runStart;
    const end = this.#runEnd;
    const count = this.#runCount;
    this.#runEnd = -1;
    this.#forEachLive(
      entry,
      entry.all,
      (link) => {
        link.out.append(chunk, start, end);
        link.wantFlush();
        stats.messagesSent += count;
      },
      count,
    );
  }

  #receiveQos0(
    chunk: Buffer,
    start: number,
    payloadStart: number,
    end: number,
    first: number,
    entry: TopicEntry,
  ): void {
    const context = this.#context;
    if ((first & DUP) !== 0) throw malformed('PUBLISH with QoS 0 and DUP [MQTT-3.3.1-2]');
    if (context.storeQos0) this.#append(entry, first, 0, chunk, payloadStart, end);
    if (first !== PLAIN_QOS0) {
      this.endOfChunk(chunk);
      this.#forwardQos0(entry, entry.all, chunk, payloadStart, end);
      return;
    }
    if (this.#runEnd === start) {
      this.#runEnd = end;
      this.#runCount++;
      return;
    }
    this.endOfChunk(chunk);
    this.#runStart = start;
    this.#runEnd = end;
    this.#runCount = 1;
  }

  #receiveAcknowledged(
    chunk: Buffer,
    topicEnd: number,
    end: number,
    first: number,
    qos: number,
    entry: TopicEntry,
  ): void {
    const packetId = ((chunk[topicEnd] as number) << 8) | (chunk[topicEnd + 1] as number);
    if (packetId === 0) throw malformed('PUBLISH with packet identifier 0 [MQTT-2.3.1-1]');
    const session = this.#session;
    const ack = qos === 1 ? AckByte.PUBACK : AckByte.PUBREC;
    if (qos === 2 && session.received.has(packetId)) {
      this.#context.stats.duplicatesReceived++;
      this.#channel.acknowledgeInOrder(ack, packetId);
      return;
    }
    const commit = this.#append(entry, first, qos, chunk, topicEnd + 2, end);
    if (qos === 2) {
      session.received.add(packetId);
      if (session.persistent) this.#channel.journalDue = true;
    }
    this.#channel.acknowledgeAfter(commit, ack, packetId);
    if (entry.atQos0.length > 0) {
      this.endOfChunk(chunk);
      this.#forwardQos0(entry, entry.atQos0, chunk, topicEnd + 2, end);
    }
  }

  #append(
    entry: TopicEntry,
    first: number,
    qos: number,
    chunk: Buffer,
    payloadStart: number,
    end: number,
  ): number {
    return this.#context.store.append(
      entry.topic,
      (first & RETAIN) === 0 ? qos : qos | RECORD_RETAIN,
      this.#publisher,
      NO_PROPERTIES,
      NO_EXPIRY,
      chunk,
      payloadStart,
      end,
    );
  }

  /** One message to the live subscribers at QoS 0, RETAIN and packet identifier taken out. */
  #forwardQos0(
    entry: TopicEntry,
    subscriptions: readonly SessionSubscription[],
    chunk: Buffer,
    payloadStart: number,
    end: number,
  ): void {
    const { bytes } = entry;
    this.#forEachLive(
      entry,
      subscriptions,
      (link) => {
        encodePublish(link.out, 0, false, 0, bytes, 0, bytes.length, chunk, payloadStart, end);
        link.wantFlush();
        this.#context.stats.messagesSent++;
      },
      1,
    );
  }

  #forEachLive(
    entry: TopicEntry,
    subscriptions: readonly SessionSubscription[],
    send: (link: SessionLink) => void,
    count: number,
  ): void {
    const { stats, limits, sessions } = this.#context;
    const { highWater } = limits;
    if (entry.peer !== undefined) {
      const link = sessions.connected(entry.peer)?.link;
      if (link === undefined) return;
      if (hasRoom(link, highWater)) send(link);
      else stats.qos0Dropped += count;
      return;
    }
    for (const subscription of subscriptions) {
      const { link } = subscription.session;
      if (link === undefined) continue;
      if (hasRoom(link, highWater)) send(link);
      else stats.qos0Dropped += count;
    }
  }

  #lookUp(chunk: Buffer, start: number, end: number): TopicEntry {
    const { topics } = this.#context;
    const last = this.#entry;
    if (
      last !== undefined &&
      this.#generation === topics.generation &&
      sameBytes(last.bytes, chunk, start, end)
    ) {
      topics.refresh(last);
      return last;
    }
    // The run belongs to the topic before.
    this.endOfChunk(chunk);
    const entry = topics.lookUp(chunk, start, end);
    this.#authorize(entry);
    this.#entry = entry;
    this.#generation = topics.generation;
    return entry;
  }

  #authorize(entry: TopicEntry): void {
    const { authorizer } = this.#context;
    if (authorizer === undefined || this.#allowed?.has(entry) === true) return;
    if (!authorizer.authorize(this.#channel.principal, Action.PUBLISH, entry.name)) {
      throw new MqttProtocolError(ReasonCode.NOT_AUTHORIZED, 'not authorized to publish');
    }
    this.#allowed ??= new Set();
    if (this.#allowed.size >= ALLOWED_CAPACITY) this.#allowed.clear();
    this.#allowed.add(entry);
  }
}

function hasRoom(link: SessionLink, highWater: number): boolean {
  if (link.congested) return false;
  if (link.out.byteLength <= highWater) return true;
  link.flush();
  return !link.congested;
}

function sameBytes(bytes: Buffer, chunk: Buffer, start: number, end: number): boolean {
  const { length } = bytes;
  if (end - start !== length) return false;
  // From the end: topics of one client differ in their last levels.
  for (let i = length - 1; i >= 0; i--) if (bytes[i] !== chunk[start + i]) return false;
  return true;
}

function malformed(message: string): MqttProtocolError {
  return new MqttProtocolError(ReasonCode.MALFORMED_PACKET, message);
}
