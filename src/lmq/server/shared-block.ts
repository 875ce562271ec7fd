import { endianness } from 'node:os';
import { copyBytes } from '../../common/bytes/copy-bytes.ts';
import { recordLength } from '../spi/record.ts';
import type { SegmentPart } from './record-block.ts';

const IS_BIG_ENDIAN = endianness() === 'BE';
const POSITION_BYTES = 4;
/** A buffer of which this part is wanted is sent as a whole. */
const DENSE = 0.5;

/** Records that lie in one buffer of the store, and where they go. */
interface Source {
  readonly buffer: Buffer;
  /** Bytes wanted, those that several queues want counted for each. */
  wanted: number;
  first: number;
  end: number;
  /** Set once it is placed: what to add to a position in `buffer`, when it is sent as a whole. */
  shift: number;
  /** Position in the block by position in `buffer`, when it is not. */
  placed: Map<number, number> | undefined;
}

export interface SharedBlock {
  readonly block: Buffer;
  /** Positions of the records of each list, u32 little endian. */
  readonly positions: readonly Buffer[];
}

/**
 * Puts the records that several queues have got into one block, each record once. Little that is not
 * wanted may come along: a buffer of which most is wanted is copied as it is.
 * @param lists the records of each queue
 */
export function shareBlock(lists: readonly (readonly SegmentPart[])[]): SharedBlock {
  const sources = new Map<Buffer, Source>();
  let count = 0;
  for (const parts of lists) {
    for (const part of parts) {
      count += part.to - part.from;
      addTo(sources, part);
    }
  }
  const block = place(sources, lists);
  const table = new Uint32Array(count);
  const bytes = Buffer.from(table.buffer);
  const positions: Buffer[] = [];
  let at = 0;
  for (const parts of lists) {
    const start = at;
    for (const part of parts) at = writePositions(table, at, part, sources);
    positions.push(bytes.subarray(start * POSITION_BYTES, at * POSITION_BYTES));
  }
  if (IS_BIG_ENDIAN) bytes.swap32();
  return { block, positions };
}

function addTo(sources: Map<Buffer, Source>, { segment, from, to }: SegmentPart): void {
  const { buffer, positions, start } = segment;
  const first = positions[start + from] as number;
  const last = positions[start + to - 1] as number;
  let wanted = 0;
  for (let i = from; i < to; i++) wanted += recordLength(buffer, positions[start + i] as number);
  const end = last + recordLength(buffer, last);
  const source = sources.get(buffer);
  if (source === undefined) {
    sources.set(buffer, { buffer, wanted, first, end, shift: 0, placed: undefined });
    return;
  }
  source.wanted += wanted;
  source.first = Math.min(source.first, first);
  source.end = Math.max(source.end, end);
}

function place(sources: Map<Buffer, Source>, lists: readonly (readonly SegmentPart[])[]): Buffer {
  let room = 0;
  for (const source of sources.values()) {
    const span = source.end - source.first;
    const isDense = source.wanted >= span * DENSE;
    if (!isDense) source.placed = new Map();
    room += isDense ? span : source.wanted;
  }
  const block = Buffer.allocUnsafeSlow(room);
  let at = 0;
  for (const source of sources.values()) {
    if (source.placed !== undefined) continue;
    source.shift = at - source.first;
    at = copyBytes(source.buffer, source.first, source.end, block, at);
  }
  for (const parts of lists) {
    for (const part of parts) at = placeSparse(block, at, part, sources);
  }
  return block.subarray(0, at);
}

function placeSparse(
  block: Buffer,
  at: number,
  { segment, from, to }: SegmentPart,
  sources: ReadonlyMap<Buffer, Source>,
): number {
  const { buffer, positions, start } = segment;
  const placed = sources.get(buffer)?.placed;
  if (placed === undefined) return at;
  let next = at;
  for (let i = from; i < to; i++) {
    const position = positions[start + i] as number;
    if (placed.has(position)) continue;
    placed.set(position, next);
    next = copyBytes(buffer, position, position + recordLength(buffer, position), block, next);
  }
  return next;
}

function writePositions(
  table: Uint32Array,
  next: number,
  { segment, from, to }: SegmentPart,
  sources: ReadonlyMap<Buffer, Source>,
): number {
  const { buffer, positions, start } = segment;
  const { shift, placed } = sources.get(buffer) as Source;
  let at = next;
  for (let i = from; i < to; i++) {
    const position = positions[start + i] as number;
    table[at++] = placed === undefined ? position + shift : (placed.get(position) as number);
  }
  return at;
}
