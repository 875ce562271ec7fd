import type { TopicEntry } from '../routing/topic-table.ts';
import type { Session } from '../session/session.ts';
import type { ChannelContext } from './channel-context.ts';

/** Messages times subscriptions of a run: one to many is forwarded in parts, so that `PublishTurns` sees what it takes. */
const MOST_WORK = 65_536;
/** A message to a shared group is handed out by itself, not copied with its run. */
const GROUP_WORK = 16;

/**
 * PUBLISH packets of one topic that follow each other in a chunk, at QoS 0 and without RETAIN and properties: they
 * go out as they came in, and so together, as one run of bytes.
 */
export class PublishRun {
  readonly #context: ChannelContext;
  readonly #session: Session;
  readonly #isVersion5: boolean;
  #entry: TopicEntry | undefined;
  #start = 0;
  #end = -1;
  #packets = 0;
  /** Packets that this run may have. */
  #mostPackets = 0;
  #payloadBytes = 0;

  constructor(context: ChannelContext, session: Session, isVersion5: boolean) {
    this.#context = context;
    this.#session = session;
    this.#isVersion5 = isVersion5;
  }

  /** One packet more, `chunk[start, end)`; forwards what it does not go on. */
  add(entry: TopicEntry, chunk: Buffer, start: number, end: number, payloadBytes: number): void {
    if (this.#end === start && this.#entry === entry && this.#packets < this.#mostPackets) {
      this.#end = end;
      this.#packets++;
      this.#payloadBytes += payloadBytes;
      return;
    }
    this.forward(chunk);
    this.#entry = entry;
    this.#start = start;
    this.#end = end;
    this.#packets = 1;
    this.#mostPackets = MOST_WORK / (1 + entry.all.length + GROUP_WORK * entry.groups.length);
    this.#payloadBytes = payloadBytes;
  }

  /** Forwards what is there; to be called before the chunk goes. */
  forward(chunk: Buffer): void {
    const entry = this.#entry;
    if (entry === undefined) return;
    const end = this.#end;
    this.#entry = undefined;
    this.#end = -1;
    const { topics, forwarder } = this.#context;
    topics.refresh(entry);
    forwarder.forwardRun(
      entry,
      chunk,
      this.#start,
      end,
      this.#packets,
      this.#payloadBytes,
      this.#isVersion5,
      this.#session,
    );
  }
}
