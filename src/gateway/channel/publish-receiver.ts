import { laneBit } from '../../lmq/spi/lane.ts';
import type { Session } from '../session/session.ts';
import { PLAIN_QOS1 } from '../codec/alike-publishes.ts';
import { LastProperties } from '../codec/last-properties.ts';
import { MqttProtocolError } from '../codec/protocol-error.ts';
import { ProtocolVersion } from '../codec/protocol-version.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import { PublishRefusal } from '../routing/publish-refusal.ts';
import type { TopicEntry } from '../routing/topic-table.ts';
import { AlikeReceiver } from './alike-receiver.ts';
import type { ChannelContext } from './channel-context.ts';
import { hookedPublishes, type HookedPublishes } from './hooked-publishes.ts';
import { IncomingPublish } from './incoming-publish.ts';
import { PostponedPublishes } from './postponed-publishes.ts';
import type { AcknowledgementPort, ProtocolChannel } from './protocol-channel.ts';
import { PublishRun } from './publish-run.ts';
import { PublishTopics } from './publish-topics.ts';
import { ReceiveWindow } from './receive-window.ts';

const PLAIN_QOS0 = 0x30;
/** First byte of the topics that belong to the server. */
const DOLLAR = 0x24;
const ALL_LANES = -1;
/** One for all, see there. */
const packet = new IncomingPublish();

/**
 * PUBLISH in, of one connection. Decoded in place: the payload goes from the chunk into the store's
 * commit and, at effective QoS 0, into the subscribers' output. Consecutive QoS 0 packets of one topic
 * are forwarded as one run of bytes, because a PUBLISH without RETAIN and properties goes out as it came in.
 */
export class PublishReceiver {
  readonly #context: ChannelContext;
  readonly #channel: ProtocolChannel;
  readonly #acknowledgements: AcknowledgementPort;
  readonly #session: Session;
  readonly #isVersion5: boolean;
  readonly #hooked: HookedPublishes | undefined;
  readonly #topics: PublishTopics;
  readonly #publisher: Buffer;
  readonly #postponed: PostponedPublishes;
  /** Undefined before MQTT 5. */
  readonly #window: ReceiveWindow | undefined;
  /** Undefined where the store or hooks want to see each message. */
  readonly #alikes: AlikeReceiver | undefined;
  /** The topic of the packet at hand when others like it can go with it. */
  #alikeTopic: TopicEntry | undefined = undefined;
  #run: PublishRun | undefined = undefined;
  /** MQTT 5 alone. */
  #lastProperties: LastProperties | undefined = undefined;

  constructor(context: ChannelContext, channel: ProtocolChannel, session: Session) {
    this.#context = context;
    this.#channel = channel;
    this.#acknowledgements = channel.acknowledgements;
    this.#session = session;
    this.#isVersion5 = channel.version === ProtocolVersion.MQTT_5;
    this.#hooked = hookedPublishes(channel, session);
    this.#topics = new PublishTopics(context, channel, () => {
      this.#postponed.countQuestion();
    });
    this.#publisher = Buffer.from(session.clientId);
    this.#postponed = new PostponedPublishes(context, channel, session, packet);
    this.#window = this.#isVersion5 ? new ReceiveWindow(channel, session) : undefined;
    const takesRuns = this.#hooked === undefined && context.store.appendRun !== undefined;
    this.#alikes = takesRuns
      ? new AlikeReceiver(context, channel, packet, this.#window)
      : undefined;
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
    if (entry.work > 0 && this.#postponed.waitsForTurn(entry)) return;
    if (this.#hooked !== undefined && !this.#passHooks(this.#hooked, chunk, entry)) return;
    if (packet.qos === 0) this.#receiveQos0(chunk, start, entry);
    else this.#receiveAcknowledged(chunk, entry);
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
    const entry = this.#alikeTopic;
    if (entry === undefined || this.#alikes === undefined) return end;
    return this.#alikes.receive(entry, chunk, start, bodyStart, end, limit);
  }

  /** The same, but it is not stored: answered with `reasonCode`, or dropped at QoS 0. MQTT 5 alone. */
  refuse(chunk: Buffer, start: number, bodyStart: number, end: number, reasonCode: number): void {
    if (this.#open(chunk, start, bodyStart, end) === undefined) return;
    this.#answerRefused(reasonCode);
  }

  /** Forwards what is left of it; to be called before the chunk goes. */
  endOfChunk(chunk: Buffer): void {
    this.#run?.forward(chunk);
  }

  /** Reads all but the payload; undefined when the packet is refused, and answered. */
  #open(chunk: Buffer, start: number, bodyStart: number, end: number): TopicEntry | undefined {
    const { stats } = this.#context;
    this.#alikeTopic = undefined;
    packet.read(this.#publisher, chunk, start, bodyStart, end);
    stats.messagesReceived++;
    if (this.#isVersion5)
      packet.readProperties((this.#lastProperties ??= new LastProperties()), chunk);
    const entry = this.#resolve(chunk);
    stats.payloadBytesReceived += packet.payloadBytes;
    return entry;
  }

  /**
   * The topic; undefined when it is refused. MQTT 5 has reason codes for that. Before, the connection ends, but for
   * `$` topics, which clients are not to exchange messages with: acknowledged and dropped [MQTT-4.7.2-1]
   * [MQTT-3.3.5-2]; and for a repetition, which would end each connection that it is sent on.
   */
  #resolve(chunk: Buffer): TopicEntry | undefined {
    const { topicAlias, topicStart, topicEnd } = packet;
    try {
      return topicAlias === 0
        ? this.#topics.named(chunk, topicStart, topicEnd)
        : this.#topics.aliased(topicAlias, chunk, topicStart, topicEnd);
    } catch (error) {
      if (!(error instanceof PublishRefusal)) throw error;
      const isAnswered = this.#isVersion5 || chunk[topicStart] === DOLLAR || this.#isRepetition();
      if (!isAnswered) throw error;
      this.#answerRefused(this.#isVersion5 ? error.reasonCode : 0);
      return undefined;
    }
  }

  #answerRefused(reasonCode: number): void {
    const { qos, ack, packetId } = packet;
    this.#context.stats.publishesRefused++;
    if (qos === 0) return;
    // A repetition was accepted when it came first. Refused, its identifier would be free for the client alone, whose next
    // message with it would be taken for one more repetition [MQTT5-4.3.3-9].
    this.#acknowledgements.inOrder(ack, packetId, this.#isRepetition() ? 0 : reasonCode);
  }

  /** Whether the packet at hand is QoS 2, and was received before and not released. */
  #isRepetition(): boolean {
    return packet.qos === 2 && this.#session.received.has(packet.packetId);
  }

  /** Asks the publish hooks: true when the message goes on as it came, else all is done. */
  #passHooks(hooked: HookedPublishes, chunk: Buffer, entry: TopicEntry): boolean {
    const { qos, isDup, first, properties, expirySeconds, payloadStart, end } = packet;
    const packetId = qos === 0 ? 0 : packet.packetId;
    // What is no new message is answered without them.
    if (this.#isRepetition() || (qos === 0 && isDup)) return true;
    // They may change the topic.
    if (qos === 2 && this.#postponed.waitsForListing(ALL_LANES)) return false;
    if (qos !== 0) this.#window?.require();
    const asked = { entry, first, packetId, properties, expirySeconds, chunk, payloadStart, end };
    const message = hooked.ask(asked);
    if (message?.isChanged === false) return true;
    if (message === undefined) return false;
    // What was published before it comes first.
    this.endOfChunk(chunk);
    hooked.publish(asked, message);
    return false;
  }

  #receiveQos0(chunk: Buffer, start: number, entry: TopicEntry): void {
    const { first, end } = packet;
    if (packet.isDup) {
      const reason = 'PUBLISH with QoS 0 and DUP [MQTT-3.3.1-2]';
      throw new MqttProtocolError(ReasonCode.MALFORMED_PACKET, reason);
    }
    if (this.#context.storeQos0) this.#append(chunk, entry);
    if (first !== PLAIN_QOS0 || !packet.isBare) {
      if (first !== PLAIN_QOS0) this.#retain(chunk, entry);
      this.endOfChunk(chunk);
      this.#forward(chunk, entry);
      return;
    }
    this.#run ??= new PublishRun(this.#context, this.#session, this.#isVersion5);
    this.#run.add(entry, chunk, start, end, packet.payloadBytes);
  }

  #receiveAcknowledged(chunk: Buffer, entry: TopicEntry): void {
    const session = this.#session;
    const { qos, ack, packetId, isRetain } = packet;
    if (qos === 2) {
      if (session.received.has(packetId)) {
        this.#context.stats.duplicatesReceived++;
        this.#acknowledgements.inOrder(ack, packetId);
        return;
      }
      if (session.lanes !== undefined && this.#postponed.waitsForListing(laneBit(entry.topic.lane)))
        return;
    }
    this.#window?.require();
    const commit = this.#append(chunk, entry);
    if (isRetain) this.#retain(chunk, entry);
    if (qos === 2) {
      session.hasReceived(packetId, entry.topic.lane);
      if (session.persistent) this.#channel.journalDue = true;
    }
    this.#acknowledgements.after(commit, ack, packetId);
    if (entry.atQos0.length > 0) {
      this.endOfChunk(chunk);
      this.#forward(chunk, entry);
    } else if (packet.first === PLAIN_QOS1 && entry.work === 0) {
      // With much work each has to ask for its turn.
      this.#alikeTopic = entry;
    }
  }

  #append(chunk: Buffer, { topic }: TopicEntry): number {
    return this.#context.store.append(topic, packet, chunk, packet.payloadStart, packet.end);
  }

  /** In the commit of the message itself. */
  #retain(payload: Buffer, entry: TopicEntry): void {
    this.#context.retained.put(entry, packet, payload, packet.payloadStart, packet.end);
  }

  #forward(chunk: Buffer, entry: TopicEntry): void {
    const { qos, isRetain, properties, expirySeconds, payloadStart, end } = packet;
    const message = {
      retain: isRetain,
      properties,
      expirySeconds,
      chunk,
      payloadStart,
      payloadEnd: end,
    };
    this.#context.forwarder.publish(entry, qos, message, this.#session);
  }
}
