import { copyBytes } from '../../common/bytes/copy-bytes.ts';
import { recordLength } from '../spi/record.ts';
import type { Segment } from '../spi/types.ts';

/** Some records of a segment. */
export interface SegmentPart {
  readonly segment: Segment;
  /** Index of the first one. */
  readonly from: number;
  /** Index after the last one. */
  readonly to: number;
}

/** Bytes of the records of a part, without what lies between them. */
export function bytesOfPart({ segment, from, to }: SegmentPart): number {
  const { buffer, positions, start } = segment;
  let bytes = 0;
  for (let i = from; i < to; i++) bytes += recordLength(buffer, positions[start + i] as number);
  return bytes;
}

/** Copies the records of a part, one after the other, to `target` at `at`; returns the position after them. */
function copyPart({ segment, from, to }: SegmentPart, target: Buffer, at: number): number {
  const { buffer, positions, start } = segment;
  let next = at;
  for (let i = from; i < to;) {
    const first = positions[start + i] as number;
    let end = first + recordLength(buffer, first);
    // records of one queue often follow each other: one copy for all of them
    while (++i < to && positions[start + i] === end) end += recordLength(buffer, end);
    next = copyBytes(buffer, first, end, target, next);
  }
  return next;
}

/** The records of some parts, one after the other. */
export function joinParts(parts: readonly SegmentPart[]): Buffer {
  let bytes = 0;
  for (const part of parts) bytes += bytesOfPart(part);
  const joined = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for (const part of parts) at = copyPart(part, joined, at);
  return joined;
}
