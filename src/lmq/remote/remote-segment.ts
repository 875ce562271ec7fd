import { endianness } from 'node:os';
import { RECORD_HEADER_BYTES, recordLength } from '../spi/record.ts';
import type { QueueOffset, Segment } from '../spi/types.ts';
import { ErrorCode, StoreError } from '../../common/errors.ts';

/** Below this many a loop beats a copy, which makes a view first. */
const LOOP_BELOW = 24;
const IS_BIG_ENDIAN = endianness() === 'BE';

/** Records of one queue that have come from the store in one run. */
export class RemoteSegment implements Segment {
  readonly firstOffset: QueueOffset;
  readonly buffer: Buffer;
  readonly positions: Uint32Array;
  readonly start = 0;
  memo: unknown = undefined;

  constructor(firstOffset: QueueOffset, buffer: Buffer, positions: Uint32Array) {
    this.firstOffset = firstOffset;
    this.buffer = buffer;
    this.positions = positions;
  }

  get count(): number {
    return this.positions.length;
  }

  get end(): QueueOffset {
    return this.firstOffset + this.positions.length;
  }
}

/** Positions as they come in a frame: u32 little endian, at any alignment. */
export function positionsFrom(bytes: Buffer): Uint32Array {
  const count = bytes.length >>> 2;
  const positions = new Uint32Array(count);
  if (count < LOOP_BELOW) {
    for (let i = 0; i < count; i++) positions[i] = bytes.readUInt32LE(i * 4);
    return positions;
  }
  const copy = Buffer.from(positions.buffer);
  bytes.copy(copy);
  if (IS_BIG_ENDIAN) copy.swap32();
  return positions;
}

/**
 * Positions of the records that lie in `block` one after the other.
 * @throws StoreError when they do not
 */
export function positionsOfAll(block: Buffer, count: number): Uint32Array {
  const positions = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const length = at + RECORD_HEADER_BYTES <= block.length ? recordLength(block, at) : 0;
    if (length < RECORD_HEADER_BYTES || at + length > block.length) {
      throw new StoreError(ErrorCode.STORE_CORRUPT, 'the store has sent a broken run of records');
    }
    positions[i] = at;
    at += length;
  }
  return positions;
}
