import type { QueueOffset, Segment } from './types.ts';

/** Byte position in the segment's buffer of the record at `offset`, which is one of the segment's. */
export function positionAt(segment: Segment, offset: QueueOffset): number {
  return segment.positions[segment.start + offset - segment.firstOffset] as number;
}

/** Records of one queue that lie in one buffer. */
export class RecordSegment implements Segment {
  readonly firstOffset: QueueOffset;
  readonly buffer: Buffer;
  readonly positions: readonly number[];
  readonly start = 0;
  memo: unknown = undefined;

  constructor(firstOffset: QueueOffset, buffer: Buffer, positions: readonly number[]) {
    this.firstOffset = firstOffset;
    this.buffer = buffer;
    this.positions = positions;
  }

  get count(): number {
    return this.positions.length;
  }
}
