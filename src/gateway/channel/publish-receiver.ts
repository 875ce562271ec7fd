import { laneBit } from '../../lmq/spi/lane.ts';
import type { Session } from '../session/session.ts';
import { NO_EXPIRY, RECORD_RETAIN } from '../../lmq/spi/record.ts';
import { AlikePublishes, PLAIN_QOS1 } from '../codec/alike-publishes.ts';
import { AckByte } from '../codec/ack-byte.ts';
import { MqttProtocolError } from '../codec/protocol-error.ts';
import { ProtocolVersion } from '../codec/protocol-version.ts';
import { LastProperties } from '../codec/last-properties.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import { PublishRefusal } from '../routing/publish-refusal.ts';
import { measure, type TopicEntry } from '../routing/topic-table.ts';
import { hookedPublishes, type HookedPublishes } from './hooked-publishes.ts';
import type { ProtocolChannel } from './protocol-channel.ts';
import type { ChannelContext } from './channel-context.ts';
import { PublishRun } from './publish-run.ts';
import { PublishTopics } from './publish-topics.ts';

const NO_PROPERTIES = Buffer.alloc(0);
const PLAIN_QOS0 = 0x30;
const DUP = 0x08;
const RETAIN = 0x01;
/** First byte of the topics that belong to the server. */
const DOLLAR = 0x24;
const ALL_LANES = -1;
/** Of `PublishTurns`, for asking the authorizer, which may have thousands of rules. */
const ASK_WORK = 64;
/** One for all, see there. */
const alike = new AlikePublishes();

/**
 * PUBLISH in, of one connection. Decoded in place: the payload goes from the chunk into the store's
 * commit and, at effective QoS 0, into the subscribers' output. Consecutive QoS 0 packets of one topic
 * are forwarded as one run of bytes, because a PUBLISH without RETAIN and properties goes out as it came in.
 */
export class PublishReceiver {
  readonly #context: ChannelContext;
  readonly #channel: ProtocolChannel;
  readonly #session: Session;
  readonly #isVersion5: boolean;
  readonly #publisher: Buffer;
  readonly #hooked: HookedPublishes | undefined;
  readonly #topics: PublishTopics;
  /** Neither the store nor hooks want to see each message. */
  readonly #takesRuns: boolean;
  #lastProperties: LastProperties | undefined;
  #run: PublishRun | undefined;
  // The packet at hand: fields, so that handling one allocates nothing.
  #first = 0;
  /** No properties at all, an alias among them: the bytes can go out as they came. */
  #isBare = true;
  #packetId = 0;
  #properties: Buffer = NO_PROPERTIES;
  #expirySeconds: number = NO_EXPIRY;
  #topicAlias = 0;
  #payloadStart = 0;
  /** The topic of the packet at hand when others like it can go with it. */
  #alike: TopicEntry | undefined;

  constructor(context: ChannelContext, channel: ProtocolChannel, session: Session) {
    this.#context = context;
    this.#channel = channel;
    this.#session = session;
    this.#isVersion5 = channel.version === ProtocolVersion.MQTT_5;
    this.#publisher = Buffer.from(session.clientId);
    this.#hooked = hookedPublishes(channel, session);
    this.#topics = new PublishTopics(context, channel.principal, this.#countAsked);
    this.#takesRuns = this.#hooked === undefined && context.store.appendRun !== undefined;
  }

  /** Takes the stores that have been written to, as bits, since this was asked or forgotten last. */
  takeLanes(): number {
    const lanes = this.#topics.takeLanes();
    return this.#hooked === undefined ? lanes : ALL_LANES;
  }

  /** One PUBLISH: fixed header at `start`, variable header at `bodyStart`, ends before `end`. */
  receive(chunk: Buffer, start: number, bodyStart: number, end: number): void {
    const entry = this.#open(chunk, start, bodyStart, end);
    if (entry === undefined) return;
    if (entry.work > 0 && this.#waitsForTurn(entry, end)) return;
    const qos = (this.#first >> 1) & 0b11;
    if (this.#hooked !== undefined && !this.#passHooks(this.#hooked, chunk, end, qos, entry))
      return;
    if (qos === 0) this.#receiveQos0(chunk, start, end, entry);
    else this.#receiveAcknowledged(chunk, end, qos, entry);
  }

  /**
   * Takes the packets behind the one that was received last, `chunk[start, end)`, as long as they are as it was but for
   * packet identifier and payload: all at once, with what is known of that one. Returns where the first other begins.
   */
  receiveAlike(
    chunk: Buffer,
    start: number,
    bodyStart: number,
    end: number,
    limit: number,
  ): number {
    const entry = this.#alike;
    if (entry === undefined) return end;
    const { limits, stats, store } = this.#context;
    const most = this.#isVersion5 ? limits.receiveMaximum - this.#underWay : Infinity;
    const { maxPacketSize } = limits;
    const payloadStart = this.#payloadStart;
    if (alike.find(chunk, start, bodyStart, payloadStart, end, limit, most, maxPacketSize) === 0)
      return end;
    stats.messagesReceived += alike.count;
    stats.payloadBytesReceived += alike.payloadBytes;
    const commit = store.appendRun?.(
      entry.topic,
      1,
      this.#publisher,
      this.#properties,
      this.#expirySeconds,
      alike,
    );
    this.#channel.acknowledgeRunAfter(commit as number, alike.packetIds, alike.count);
    return alike.end;
  }

  /** The same, but it is not stored: answered with `reasonCode`, or dropped at QoS 0. MQTT 5 alone. */
  refuse(chunk: Buffer, start: number, bodyStart: number, end: number, reasonCode: number): void {
    if (this.#open(chunk, start, bodyStart, end) === undefined) return;
    this.#context.stats.publishesRefused++;
    const qos = (this.#first >> 1) & 0b11;
    if (qos === 0) return;
    // One that is a repetition was accepted, and is not to be sent a third time.
    const isRepetition = qos === 2 && this.#session.received.has(this.#packetId);
    const ack = qos === 1 ? AckByte.PUBACK : AckByte.PUBREC;
    this.#channel.acknowledgeInOrder(ack, this.#packetId, isRepetition ? 0 : reasonCode);
  }

  /** Reads all but the payload; undefined when the packet is refused, and answered. */
  #open(chunk: Buffer, start: number, bodyStart: number, end: number): TopicEntry | undefined {
    this.#alike = undefined;
    const first = chunk[start] as number;
    const qos = (first >> 1) & 0b11;
    if (qos === 3) throw malformed('PUBLISH with QoS 3 [MQTT-3.3.1-4]');
    const topicStart = bodyStart + 2;
    if (topicStart > end) throw malformed('PUBLISH without a topic');
    const topicEnd =
      topicStart + (((chunk[bodyStart] as number) << 8) | (chunk[bodyStart + 1] as number));
    this.#payloadStart = topicEnd + (qos === 0 ? 0 : 2);
    if (this.#payloadStart > end) throw malformed('PUBLISH is cut short');
    this.#first = first;
    if (qos !== 0) this.#readPacketId(chunk, topicEnd);
    this.#context.stats.messagesReceived++;
    if (this.#isVersion5) this.#readProperties(chunk, end, topicEnd === topicStart);
    const entry = this.#resolve(chunk, topicStart, topicEnd, qos);
    this.#context.stats.payloadBytesReceived += end - this.#payloadStart;
    return entry;
  }

  /** Forwards what is left of it; to be called before the chunk goes. */
  endOfChunk(chunk: Buffer): void {
    this.#run?.forward(chunk);
  }

  #readPacketId(chunk: Buffer, at: number): void {
    this.#packetId = ((chunk[at] as number) << 8) | (chunk[at + 1] as number);
    if (this.#packetId === 0) throw malformed('PUBLISH with packet identifier 0 [MQTT-2.3.1-1]');
  }

  #readProperties(chunk: Buffer, end: number, isNameless: boolean): void {
    this.#lastProperties ??= new LastProperties();
    const properties = this.#lastProperties.read(chunk, this.#payloadStart, end);
    this.#isBare = properties.bytes === 1;
    this.#properties = properties.stored;
    this.#expirySeconds = properties.expirySeconds;
    this.#topicAlias = properties.topicAlias;
    this.#payloadStart += properties.bytes;
    if (isNameless && properties.topicAlias === 0) {
      throw new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, 'neither topic nor topic alias');
    }
  }

  /**
   * The topic; undefined when it is refused. MQTT 5 has reason codes for that. Before, the connection ends, but for
   * `$` topics, which clients are not to exchange messages with: acknowledged and dropped [MQTT-4.7.2-1]
   * [MQTT-3.3.5-2].
   */
  #resolve(chunk: Buffer, start: number, end: number, qos: number): TopicEntry | undefined {
    try {
      return this.#topicAlias === 0
        ? this.#topics.named(chunk, start, end)
        : this.#topics.aliased(this.#topicAlias, chunk, start, end);
    } catch (error) {
      if (!(error instanceof PublishRefusal)) throw error;
      if (!this.#isVersion5 && chunk[start] !== DOLLAR) throw error;
      this.#context.stats.publishesRefused++;
      if (qos !== 0) {
        const ack = qos === 1 ? AckByte.PUBACK : AckByte.PUBREC;
        const reasonCode = this.#isVersion5 ? error.reasonCode : 0;
        this.#channel.acknowledgeInOrder(ack, this.#packetId, reasonCode);
      }
      return undefined;
    }
  }

  /** Asks the publish hooks: true when the message goes on as it came, else all is done. */
  #passHooks(
    hooked: HookedPublishes,
    chunk: Buffer,
    end: number,
    qos: number,
    entry: TopicEntry,
  ): boolean {
    const first = this.#first;
    const packetId = qos === 0 ? 0 : this.#packetId;
    // What is no new message is answered without them.
    const isRepetition = qos === 2 && this.#session.received.has(packetId);
    if (isRepetition || (qos === 0 && (first & DUP) !== 0)) return true;
    // They may change the topic.
    if (qos === 2 && this.#waitsForListing(ALL_LANES, end)) return false;
    if (qos !== 0 && this.#isVersion5) this.#checkReceiveMaximum();
    const packet = {
      entry,
      first,
      packetId,
      properties: this.#properties,
      expirySeconds: this.#expirySeconds,
      chunk,
      payloadStart: this.#payloadStart,
      end,
    };
    const message = hooked.ask(packet);
    if (message?.isChanged === false) return true;
    if (message === undefined) return false;
    // What was published before it comes first.
    this.endOfChunk(chunk);
    hooked.publish(packet, message);
    return false;
  }

  #receiveQos0(chunk: Buffer, start: number, end: number, entry: TopicEntry): void {
    const first = this.#first;
    if ((first & DUP) !== 0) throw malformed('PUBLISH with QoS 0 and DUP [MQTT-3.3.1-2]');
    if (this.#context.storeQos0) this.#append(entry, 0, chunk, end);
    if (first !== PLAIN_QOS0 || !this.#isBare) {
      if (first !== PLAIN_QOS0) this.#retain(entry, 0, chunk, end);
      this.endOfChunk(chunk);
      this.#forward(entry, 0, chunk, end);
      return;
    }
    this.#run ??= new PublishRun(this.#context, this.#session, this.#isVersion5);
    this.#run.add(entry, chunk, start, end, end - this.#payloadStart);
  }

  #receiveAcknowledged(chunk: Buffer, end: number, qos: number, entry: TopicEntry): void {
    const session = this.#session;
    const packetId = this.#packetId;
    const ack = qos === 1 ? AckByte.PUBACK : AckByte.PUBREC;
    if (qos === 2) {
      if (session.received.has(packetId)) {
        this.#context.stats.duplicatesReceived++;
        this.#channel.acknowledgeInOrder(ack, packetId);
        return;
      }
      if (session.lanes !== undefined && this.#waitsForListing(laneBit(entry.topic.lane), end))
        return;
    }
    if (this.#isVersion5) this.#checkReceiveMaximum();
    const commit = this.#append(entry, qos, chunk, end);
    if ((this.#first & RETAIN) !== 0) this.#retain(entry, qos, chunk, end);
    if (qos === 2) {
      session.hasReceived(packetId, entry.topic.lane);
      if (session.persistent) this.#channel.journalDue = true;
    }
    this.#channel.acknowledgeAfter(commit, ack, packetId);
    if (entry.atQos0.length > 0) {
      this.endOfChunk(chunk);
      this.#forward(entry, qos, chunk, end);
    } else if (this.#takesRuns && this.#first === PLAIN_QOS1 && entry.work === 0) {
      // With much work each has to ask for its turn.
      this.#alike = entry;
    }
  }

  /**
   * Whether the packet at hand has to wait until the record of its session says where to look for what it has
   * sent: then it comes once more.
   */
  #waitsForListing(wanted: number, end: number): boolean {
    const { lanes } = this.#session;
    const unlisted = lanes?.unlistedOf(wanted) ?? 0;
    if (lanes === undefined || unlisted === 0) return false;
    this.#uncount(end);
    const { sessions } = this.#context;
    this.#channel.repeatAfter(sessions.listLanes(this.#session, lanes, unlisted));
    return true;
  }

  /** Whether the packet at hand, which is much work, has to come once more in a turn that has time for it. */
  #waitsForTurn(entry: TopicEntry, end: number): boolean {
    const { publishTurns, stats } = this.#context;
    if (publishTurns.mayTake(entry.work)) {
      measure(entry);
      return false;
    }
    stats.publishesDeferred++;
    this.#uncount(end);
    this.#channel.repeatInTurn();
    return true;
  }

  /** The packet at hand goes on, those behind it may have to wait (ADR 932). */
  readonly #countAsked = (): void => {
    const { publishTurns, stats } = this.#context;
    if (publishTurns.mayTake(ASK_WORK)) return;
    stats.publishesDeferred++;
    this.#channel.goOnInTurn();
  };

  /** The packet at hand will be counted when it comes once more. */
  #uncount(end: number): void {
    const { stats } = this.#context;
    stats.messagesReceived--;
    stats.payloadBytesReceived -= end - this.#payloadStart;
  }

  get #underWay(): number {
    return this.#channel.unansweredPublishes + this.#session.received.size;
  }

  /** [MQTT-3.3.4-9] the other way round: more under way than our CONNACK allows. */
  #checkReceiveMaximum(): void {
    if (this.#underWay < this.#context.limits.receiveMaximum) return;
    throw new MqttProtocolError(
      ReasonCode.RECEIVE_MAXIMUM_EXCEEDED,
      `more than ${String(this.#context.limits.receiveMaximum)} unacknowledged PUBLISH packets`,
    );
  }

  #append(entry: TopicEntry, qos: number, chunk: Buffer, end: number): number {
    return this.#context.store.append(
      entry.topic,
      (this.#first & RETAIN) === 0 ? qos : qos | RECORD_RETAIN,
      this.#publisher,
      this.#properties,
      this.#expirySeconds,
      chunk,
      this.#payloadStart,
      end,
    );
  }

  /** In the commit of the message itself; P2P messages are for one client and now, and are not retained. */
  #retain(entry: TopicEntry, qos: number, chunk: Buffer, end: number): void {
    if (entry.peer !== undefined) return;
    const message = {
      topic: entry.bytes,
      qos,
      publisher: this.#publisher,
      properties: this.#properties,
      expirySeconds: this.#expirySeconds,
      payload: chunk,
      payloadStart: this.#payloadStart,
      payloadEnd: end,
    };
    this.#context.retained.put(entry.name, message, entry);
  }

  #forward(entry: TopicEntry, qos: number, chunk: Buffer, end: number): void {
    const message = {
      retain: (this.#first & RETAIN) !== 0,
      properties: this.#properties,
      expirySeconds: this.#expirySeconds,
      chunk,
      payloadStart: this.#payloadStart,
      payloadEnd: end,
    };
    this.#context.forwarder.publish(entry, qos, message, this.#session);
  }
}

function malformed(message: string): MqttProtocolError {
  return new MqttProtocolError(ReasonCode.MALFORMED_PACKET, message);
}
