import type { QueueOffset, Segment } from './types.ts';

/** Records of one queue that lie in one buffer. */
export class RecordSegment implements Segment {
  readonly firstOffset: QueueOffset;
  readonly buffer: Buffer;
  readonly positions: readonly number[];
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
