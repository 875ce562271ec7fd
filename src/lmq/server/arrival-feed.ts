import type { Arrival as ArrivalMessage } from '../../rpc/messages/store-v1.ts';
import type { LmqStore } from '../spi/lmq-store.ts';
import { recordLength } from '../spi/record.ts';
import { positionAt } from '../spi/record-segment.ts';
import { peerOfQueue } from '../spi/queue-name.ts';
import type { Arrival, Queue } from '../spi/types.ts';
import { boundsOf, type OpenQueue } from './open-queues.ts';
import { bytesOfPart, joinParts, type SegmentPart } from './record-block.ts';
import type { ServerNode } from './server-node.ts';
import { shareBlock } from './shared-block.ts';
import type { StoreServerCounters } from './store-server-stats.ts';

/** Bytes of records in one frame, unless a single one is larger. */
const MAX_FRAME_RECORD_BYTES = 1 << 20;
const ARRIVAL_BYTES = 24;
const NO_POSITIONS = Buffer.alloc(0);
const PEER_QUEUE = 'p'.charCodeAt(0);

/** Records that a queue has got, for one node. */
interface News {
  readonly queue: Queue;
  /** The node has not opened the queue: its client is connected there. */
  readonly isPeer: boolean;
  readonly firstOffset: number;
  count: number;
}

/** News of a queue with records that go into the same frame. */
interface Inline {
  readonly news: News;
  readonly firstOffset: number;
  count: number;
  readonly parts: SegmentPart[];
}

export interface ArrivalAudience {
  /** The nodes that have a queue open, as a list. */
  first(queueId: number): OpenQueue | undefined;
  /** The node that the client of a peer queue is connected to. */
  ownerOfSession(clientId: string): ServerNode | undefined;
}

/**
 * Tells the nodes what their queues have got: with the records, each once in a frame; without them while
 * the node is behind, joined for each queue.
 */
export class ArrivalFeed {
  readonly #store: Pick<LmqStore, 'tail'>;
  readonly #audience: ArrivalAudience;
  readonly #counters: StoreServerCounters;
  /** Of the commit that is being told. */
  readonly #news = new Map<ServerNode, News[]>();
  /** Of nodes that are behind, by queue id. */
  readonly #behind = new Map<ServerNode, Map<number, News>>();

  constructor(
    store: Pick<LmqStore, 'tail'>,
    audience: ArrivalAudience,
    counters: StoreServerCounters,
  ) {
    this.#store = store;
    this.#audience = audience;
    this.#counters = counters;
  }

  /** To be called with the arrivals of each commit. */
  tell(arrivals: readonly Arrival[]): void {
    for (const { queue, firstOffset, count } of arrivals) {
      for (let open = this.#audience.first(queue.id); open !== undefined; open = open.next) {
        this.#add(open.node, { queue, isPeer: false, firstOffset, count });
      }
      if (queue.name.charCodeAt(0) === PEER_QUEUE) this.#addPeer(queue, firstOffset, count);
    }
    for (const [node, news] of this.#news) this.#send(node, news);
    this.#news.clear();
  }

  /** The stream of a node has room again. */
  drained(node: ServerNode): void {
    const behind = this.#behind.get(node);
    const outbox = node.outbox;
    if (behind === undefined || outbox === undefined) return;
    if (outbox.isCongested || outbox.isBehind) return;
    this.#behind.delete(node);
    const arrivals = Array.from(behind.values(), (news) => withoutRecords(news));
    this.#counters.arrivalsBehind += arrivals.length;
    outbox.arrivals(undefined, arrivals, arrivals.length * ARRIVAL_BYTES);
  }

  /** The node is not attached any longer; it will ask for the bounds of its queues. */
  left(node: ServerNode): void {
    this.#behind.delete(node);
  }

  #addPeer(queue: Queue, firstOffset: number, count: number): void {
    const node = this.#audience.ownerOfSession(peerOfQueue(queue.name) ?? '');
    if (node === undefined) return;
    let open = this.#audience.first(queue.id);
    while (open !== undefined && open.node !== node) open = open.next;
    if (open === undefined) this.#add(node, { queue, isPeer: true, firstOffset, count });
  }

  #add(node: ServerNode, news: News): void {
    if (node.outbox === undefined) return;
    const list = this.#news.get(node);
    if (list === undefined) this.#news.set(node, [news]);
    else list.push(news);
  }

  #send(node: ServerNode, news: readonly News[]): void {
    let inline: Inline[] = [];
    let bytes = 0;
    for (const [i, item] of news.entries()) {
      if (
        this.#isBehind(node, item) ||
        (node.outbox?.isBehind === true && this.#isShared(news, i))
      ) {
        this.#join(node, item, item.firstOffset);
        continue;
      }
      const end = item.firstOffset + item.count;
      for (let offset = item.firstOffset; offset < end;) {
        const part = this.#part(item, offset, end, MAX_FRAME_RECORD_BYTES - bytes);
        if (part === undefined) {
          inline = this.#flush(node, inline, bytes);
          bytes = 0;
          this.#join(node, item, offset);
          break;
        }
        if (inline.at(-1)?.news === item) extend(inline.at(-1) as Inline, part);
        else inline.push(inlineOf(item, offset, part));
        offset += part.to - part.from;
        bytes += bytesOfPart(part);
        if (bytes < MAX_FRAME_RECORD_BYTES) continue;
        inline = this.#flush(node, inline, bytes);
        bytes = 0;
        if (this.#isBehind(node, item) && offset < end) {
          this.#join(node, item, offset);
          break;
        }
      }
    }
    this.#flush(node, inline, bytes);
    this.drained(node);
  }

  /** What comes for a queue that waits is joined to that, so that its order holds. */
  #isBehind(node: ServerNode, { queue }: News): boolean {
    return node.outbox?.isCongested !== false || this.#behind.get(node)?.has(queue.id) === true;
  }

  /** Whether the queue before or behind has got the same records: a topic has its queues one after the other. */
  #isShared(news: readonly News[], index: number): boolean {
    const item = news[index] as News;
    return this.#beginAlike(item, news[index - 1]) || this.#beginAlike(item, news[index + 1]);
  }

  #beginAlike(a: News, b: News | undefined): boolean {
    if (b?.count !== a.count) return false;
    const first = this.#store.tail(a.queue, a.firstOffset);
    const second = this.#store.tail(b.queue, b.firstOffset);
    return (
      first !== undefined &&
      first.buffer === second?.buffer &&
      positionAt(first, a.firstOffset) === positionAt(second, b.firstOffset)
    );
  }

  /**
   * The records from `offset` on that lie in one segment, until they reach `room` bytes; undefined when they
   * are not in memory any more.
   */
  #part(news: News, offset: number, end: number, room: number): SegmentPart | undefined {
    const segment = this.#store.tail(news.queue, offset);
    if (segment === undefined) return undefined;
    const { firstOffset, count, buffer, positions, start } = segment;
    const from = offset - firstOffset;
    const last = Math.min(count, end - firstOffset);
    let to = from;
    for (let bytes = 0; to < last && bytes < room; to++) {
      bytes += recordLength(buffer, positions[start + to] as number);
    }
    return { segment, from, to };
  }

  #join(node: ServerNode, news: News, from: number): void {
    let behind = this.#behind.get(node);
    if (behind === undefined) {
      behind = new Map();
      this.#behind.set(node, behind);
    }
    const { queue, isPeer } = news;
    const count = news.firstOffset + news.count - from;
    const known = behind.get(queue.id);
    if (known === undefined) behind.set(queue.id, { queue, isPeer, firstOffset: from, count });
    else known.count = from + count - known.firstOffset;
  }

  /** @param wanted bytes of the records, counted for each queue */
  #flush(node: ServerNode, inline: readonly Inline[], wanted: number): Inline[] {
    const { outbox } = node;
    if (inline.length === 0 || outbox === undefined) return [];
    const { block, arrivals } = frameOf(inline);
    let bytes = block.length + arrivals.length * ARRIVAL_BYTES;
    for (const { positions } of arrivals) bytes += positions.length;
    outbox.arrivals(block, arrivals, bytes, Math.max(0, wanted - block.length));
    if (block.length >= MAX_FRAME_RECORD_BYTES) outbox.flush();
    return [];
  }
}

function inlineOf(news: News, firstOffset: number, part: SegmentPart): Inline {
  return { news, firstOffset, count: part.to - part.from, parts: [part] };
}

function extend(inline: Inline, part: SegmentPart): void {
  inline.parts.push(part);
  inline.count += part.to - part.from;
}

function frameOf(inline: readonly Inline[]): { block: Buffer; arrivals: ArrivalMessage[] } {
  const [first] = inline;
  if (first !== undefined && haveSameRecords(inline)) {
    const block = joinParts(first.parts);
    return { block, arrivals: inline.map((item) => arrivalOf(item, NO_POSITIONS)) };
  }
  const { block, positions } = shareBlock(inline.map(({ parts }) => parts));
  return {
    block,
    arrivals: inline.map((item, index) => arrivalOf(item, positions[index] ?? NO_POSITIONS)),
  };
}

function arrivalOf({ news, firstOffset, count }: Inline, positions: Buffer): ArrivalMessage {
  const { queue, isPeer } = news;
  const opened = isPeer ? boundsOf(queue) : undefined;
  return { queue: queue.id, firstOffset, count, block: 1, positions, opened };
}

function withoutRecords({ queue, isPeer, firstOffset, count }: News): ArrivalMessage {
  const opened = isPeer ? boundsOf(queue) : undefined;
  return { queue: queue.id, firstOffset, count, block: 0, positions: NO_POSITIONS, opened };
}

/** Whether all queues have got the same records, as a topic and a filter that matches it alone. */
function haveSameRecords(inline: readonly Inline[]): boolean {
  const first = inline[0] as Inline;
  return inline.every((item) => item === first || isSame(item, first));
}

function isSame(a: Inline, b: Inline): boolean {
  return a.count === b.count && a.parts.every((part, i) => isSamePart(part, b.parts[i]));
}

function isSamePart(a: SegmentPart, b: SegmentPart | undefined): boolean {
  if (b === undefined || a.segment.buffer !== b.segment.buffer) return false;
  if (a.to - a.from !== b.to - b.from) return false;
  const { positions, start } = a.segment;
  const shift = b.segment.start + b.from - a.from;
  for (let i = a.from; i < a.to; i++) {
    if (positions[start + i] !== b.segment.positions[shift + i]) return false;
  }
  return true;
}
