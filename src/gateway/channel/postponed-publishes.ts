import { measure, type TopicEntry } from '../routing/topic-table.ts';
import type { Session } from '../session/session.ts';
import type { ChannelContext } from './channel-context.ts';
import type { IncomingPublish } from './incoming-publish.ts';
import type { ProtocolChannel } from './protocol-channel.ts';

/** Of `PublishTurns`, for asking the authorizer, which may have thousands of rules. */
const ASK_WORK = 64;

/** Packets of one connection that cannot be handled yet: they come once more, and are counted then. */
export class PostponedPublishes {
  readonly #context: ChannelContext;
  readonly #channel: ProtocolChannel;
  readonly #session: Session;
  readonly #packet: IncomingPublish;

  /** @param packet the one at hand, which has been counted */
  constructor(
    context: ChannelContext,
    channel: ProtocolChannel,
    session: Session,
    packet: IncomingPublish,
  ) {
    this.#context = context;
    this.#channel = channel;
    this.#session = session;
    this.#packet = packet;
  }

  /**
   * Whether the packet at hand has to wait until the record of its session says where to look for what it has
   * sent.
   * @param wanted stores that it may go to, as bits
   */
  waitsForListing(wanted: number): boolean {
    const { lanes } = this.#session;
    const unlisted = lanes?.unlistedOf(wanted) ?? 0;
    if (lanes === undefined || unlisted === 0) return false;
    this.#uncount();
    const { sessions } = this.#context;
    this.#channel.repeatAfter(sessions.listLanes(this.#session, lanes, unlisted));
    return true;
  }

  /** Whether the packet at hand, which is much work, has to wait for a turn that has time for it. */
  waitsForTurn(entry: TopicEntry): boolean {
    const { publishTurns, stats } = this.#context;
    if (publishTurns.mayTake(entry.work)) {
      measure(entry);
      return false;
    }
    stats.publishesDeferred++;
    this.#uncount();
    this.#channel.repeatInTurn();
    return true;
  }

  /** The authorizer is asked about the packet at hand, which goes on; those behind it may have to wait (ADR 932). */
  countQuestion(): void {
    const { publishTurns, stats } = this.#context;
    if (publishTurns.mayTake(ASK_WORK)) return;
    stats.publishesDeferred++;
    this.#channel.goOnInTurn();
  }

  #uncount(): void {
    const { stats } = this.#context;
    stats.messagesReceived--;
    stats.payloadBytesReceived -= this.#packet.payloadBytes;
  }
}
