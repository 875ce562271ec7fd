import type { Lane } from '../spi/lane.ts';
import { RecordSegment } from '../spi/record-segment.ts';
import {
  PullStatus,
  type PullResult,
  type Queue,
  type QueueName,
  type QueueOffset,
  type Segment,
} from '../spi/types.ts';

export class MemoryQueue implements Queue {
  readonly id: number;
  readonly name: QueueName;
  minOffset: QueueOffset = 0;
  maxOffset: QueueOffset = 0;
  nextOffset: QueueOffset = 0;
  /** Open handles. */
  uses = 0;
  #segments: RecordSegment[] = [];
  readonly #offsets = new Map<string, QueueOffset>();

  constructor(id: number, name: QueueName) {
    this.id = id;
    this.name = name;
  }

  /** This store is alone. */
  get lane(): Lane {
    return 0;
  }

  /** The queue behind a handle. */
  static of(handle: Queue): MemoryQueue {
    if (handle instanceof MemoryQueue) return handle;
    throw new TypeError(`queue ${handle.name} was opened by another store`);
  }

  /** Adds what a commit brought; returns the segment. */
  grow(buffer: Buffer, positions: readonly number[]): RecordSegment {
    const segment = new RecordSegment(this.maxOffset, buffer, positions);
    this.#segments.push(segment);
    this.maxOffset += segment.count;
    return segment;
  }

  /** Forgets the oldest segment. */
  dropOldest(): void {
    this.#segments.shift();
    this.minOffset = this.#segments[0]?.firstOffset ?? this.maxOffset;
  }

  /** Index of the segment that holds `offset`, or -1. */
  indexOf(offset: QueueOffset): number {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const segment = this.#segments[middle] as RecordSegment;
      if (offset < segment.firstOffset) high = middle - 1;
      else if (offset >= segment.firstOffset + segment.count) low = middle + 1;
      else return middle;
    }
    return -1;
  }

  segment(index: number): RecordSegment | undefined {
    return this.#segments[index];
  }

  get offsets(): Map<string, QueueOffset> {
    return this.#offsets;
  }

  /** Whole segments from the one that holds `offset` on, until one reaches a limit. */
  pull(offset: QueueOffset, maxMessages: number, maxBytes: number): PullResult {
    const { minOffset, maxOffset } = this;
    if (offset > maxOffset) return notFound(PullStatus.OFFSET_OVERFLOW, maxOffset);
    if (offset === maxOffset) return notFound(PullStatus.NO_NEW_MSG, maxOffset);
    if (offset < minOffset) return notFound(PullStatus.OFFSET_TOO_SMALL, minOffset);
    const segments: Segment[] = [];
    let nextOffset = offset;
    let bytes = 0;
    for (let i = this.indexOf(offset); ; i++) {
      const segment = this.#segments[i];
      if (segment === undefined) break;
      segments.push(segment);
      nextOffset = segment.firstOffset + segment.count;
      bytes += segment.buffer.length;
      if (nextOffset - offset >= maxMessages || bytes >= maxBytes) break;
    }
    return { status: PullStatus.FOUND, segments, nextOffset };
  }
}

function notFound(status: PullStatus, nextOffset: QueueOffset): PullResult {
  return { status, segments: [], nextOffset };
}
