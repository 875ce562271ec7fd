import { RECORD_RETAIN } from '../../lmq/spi/record.ts';
import type { Lane } from '../../lmq/spi/lane.ts';
import type { CommitNumber } from '../../lmq/spi/types.ts';
import { AckByte } from '../codec/ack-byte.ts';
import { MqttProtocolError } from '../codec/protocol-error.ts';
import { ProtocolVersion } from '../codec/protocol-version.ts';
import type { HookClient } from '../hooks/hook-client.ts';
import type { HookChain } from '../hooks/hook-chain.ts';
import { HookedPublish, PublishOrigin } from '../hooks/publish-message.ts';
import type { PublishHooks } from '../hooks/publish-hooks.ts';
import { DROP, failureCode, PUBLISH_FAILURES, refuse } from '../hooks/verdict.ts';
import { PublishRefusal } from '../routing/publish-refusal.ts';
import type { TopicEntry } from '../routing/topic-table.ts';
import type { Session } from '../session/session.ts';
import type { ChannelContext } from './channel-context.ts';
import { openCommitIn } from './handlers/acks.ts';
import type { ProtocolChannel } from './protocol-channel.ts';

const RETAIN = 0x01;

/** A PUBLISH whose topic is known; the payload is `chunk[payloadStart, end)`. */
export interface OpenedPublish {
  readonly entry: TopicEntry;
  /** Fixed header. */
  readonly first: number;
  /** 0 at QoS 0. */
  readonly packetId: number;
  readonly properties: Buffer;
  readonly expirySeconds: number;
  readonly chunk: Buffer;
  readonly payloadStart: number;
  readonly end: number;
}

/** The publish hooks in the path of one connection; there is none without such hooks. */
export class HookedPublishes {
  readonly #context: ChannelContext;
  readonly #channel: ProtocolChannel;
  readonly #session: Session;
  readonly #publisher: Buffer;
  readonly #chain: HookChain;
  readonly #hooks: PublishHooks;
  readonly #client: HookClient;

  constructor(channel: ProtocolChannel, session: Session, chain: HookChain, hooks: PublishHooks) {
    this.#context = channel.context;
    this.#channel = channel;
    this.#session = session;
    this.#publisher = Buffer.from(session.clientId);
    this.#chain = chain;
    this.#hooks = hooks;
    this.#client = chain.clients.of(channel);
  }

  /**
   * Asks the hooks. The message goes on, as it came or changed; undefined when it does not, and is answered.
   * @throws PublishRefusal before MQTT 5, which has no answer for it
   */
  ask(packet: OpenedPublish): HookedPublish | undefined {
    const { entry, first, properties, expirySeconds, chunk, payloadStart, end } = packet;
    const message = new HookedPublish(
      PublishOrigin.CLIENT,
      entry.name,
      (first >> 1) & 0b11,
      (first & RETAIN) !== 0,
      expirySeconds,
      properties,
      chunk,
      payloadStart,
      end,
      this.#context.limits.maxPacketSize,
    );
    const verdict = this.#hooks.ask(message, this.#client);
    if (verdict === undefined) return message;
    if (verdict === DROP) {
      this.#context.stats.messagesDroppedByHooks++;
      this.#accept(packet, 0, this.#session.lanes?.home ?? 0);
      return undefined;
    }
    const reason = verdict.reason === '' ? 'refused by a hook' : verdict.reason;
    this.#refuse(packet, new PublishRefusal(failureCode(verdict, PUBLISH_FAILURES), reason));
    return undefined;
  }

  /**
   * Stores, retains and forwards what the hooks have made of it.
   * @throws PublishRefusal before MQTT 5, for a topic that is not registered or none
   */
  publish(packet: OpenedPublish, message: HookedPublish): void {
    const entry = this.#entryOf(packet, message);
    if (entry === undefined) return;
    const { qos, retain, stored, storedExpiry: expirySeconds, source, start, end } = message;
    const { store, storeQos0, retained, forwarder } = this.#context;
    const flags = retain ? qos | RECORD_RETAIN : qos;
    const head = { flags, publisher: this.#publisher, properties: stored, expirySeconds };
    let commit = 0;
    if (qos > 0 || storeQos0) commit = store.append(entry.topic, head, source, start, end);
    if (retain) retained.put(entry, head, source, start, end);
    const lane = commit === 0 ? (this.#session.lanes?.home ?? 0) : entry.topic.lane;
    this.#accept(packet, commit, lane);
    const range = { payloadStart: start, payloadEnd: end };
    const live = { retain, properties: stored, expirySeconds, chunk: source, ...range };
    forwarder.publish(entry, qos, live, this.#session);
  }

  /** The entry of the topic that the message goes to; undefined when it may not, and is answered. */
  #entryOf(packet: OpenedPublish, message: HookedPublish): TopicEntry | undefined {
    const { topics } = this.#context;
    if (message.topic === packet.entry.name) {
      topics.refresh(packet.entry);
      return packet.entry;
    }
    const name = Buffer.from(message.topic);
    try {
      return topics.lookUp(name, 0, name.length);
    } catch (error) {
      if (!(error instanceof MqttProtocolError)) throw error;
      this.#chain.faults.report('hooks', 'onPublish', error);
      const code = failureCode(refuse(error.reasonCode), PUBLISH_FAILURES);
      this.#refuse(packet, new PublishRefusal(code, error.message));
      return undefined;
    }
  }

  /**
   * Acknowledges as the client has published: after the commit, if there is one to wait for.
   * @param lane keeps the identifier
   */
  #accept({ first, packetId }: OpenedPublish, commit: CommitNumber, lane: Lane): void {
    const qos = (first >> 1) & 0b11;
    if (qos === 0) return;
    const channel = this.#channel;
    const session = this.#session;
    const ack = qos === 1 ? AckByte.PUBACK : AckByte.PUBREC;
    let due = commit;
    if (qos === 2) {
      session.hasReceived(packetId, lane);
      if (session.persistent) {
        channel.journalDue = true;
        due ||= openCommitIn(channel, session, lane);
      }
    }
    if (due === 0) channel.acknowledgements.inOrder(ack, packetId);
    else channel.acknowledgements.after(due, ack, packetId);
  }

  /** As any PUBLISH that is not accepted: MQTT 5 is told, older versions are closed. */
  #refuse({ first, packetId }: OpenedPublish, refusal: PublishRefusal): void {
    const qos = (first >> 1) & 0b11;
    if (this.#channel.version !== ProtocolVersion.MQTT_5) throw refusal;
    this.#context.stats.publishesRefused++;
    if (qos === 0) return;
    const ack = qos === 1 ? AckByte.PUBACK : AckByte.PUBREC;
    this.#channel.acknowledgements.inOrder(ack, packetId, refusal.reasonCode);
  }
}

/** Undefined without publish hooks. */
export function hookedPublishes(
  channel: ProtocolChannel,
  session: Session,
): HookedPublishes | undefined {
  const { hooks } = channel.context;
  if (hooks?.publish === undefined) return undefined;
  return new HookedPublishes(channel, session, hooks, hooks.publish);
}
