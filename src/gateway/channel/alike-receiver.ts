import { AlikePublishes } from '../codec/alike-publishes.ts';
import type { TopicEntry } from '../routing/topic-table.ts';
import type { ChannelContext } from './channel-context.ts';
import type { IncomingPublish } from './incoming-publish.ts';
import type { AcknowledgementPort, ProtocolChannel } from './protocol-channel.ts';
import type { ReceiveWindow } from './receive-window.ts';

/** One for all, see there. */
const alike = new AlikePublishes();

/**
 * Takes what follows an accepted PUBLISH of QoS 1 and is alike: stored in one call and acknowledged in one go, with what is
 * known of that one (ADR 901).
 */
export class AlikeReceiver {
  readonly #context: ChannelContext;
  readonly #acknowledgements: AcknowledgementPort;
  readonly #accepted: IncomingPublish;
  readonly #window: ReceiveWindow | undefined;

  /**
   * @param accepted where the packet that others are compared with has been read
   * @param window undefined before MQTT 5
   */
  constructor(
    context: ChannelContext,
    channel: ProtocolChannel,
    accepted: IncomingPublish,
    window: ReceiveWindow | undefined,
  ) {
    this.#context = context;
    this.#acknowledgements = channel.acknowledgements;
    this.#accepted = accepted;
    this.#window = window;
  }

  /**
   * Takes those behind `chunk[start, end)`, which went to `entry`; returns where the first other packet begins.
   * @param limit end of what has been read
   */
  receive(
    entry: TopicEntry,
    chunk: Buffer,
    start: number,
    bodyStart: number,
    end: number,
    limit: number,
  ): number {
    const { limits, stats, store } = this.#context;
    const accepted = this.#accepted;
    const most = this.#window === undefined ? Infinity : this.#window.room;
    const { payloadStart } = accepted;
    const { maxPacketSize } = limits;
    if (alike.find(chunk, start, bodyStart, payloadStart, end, limit, most, maxPacketSize) === 0)
      return end;
    stats.messagesReceived += alike.count;
    stats.payloadBytesReceived += alike.payloadBytes;
    const commit = store.appendRun?.(entry.topic, accepted, alike);
    this.#acknowledgements.runAfter(commit as number, alike.packetIds, alike.count);
    return alike.end;
  }
}
