import { crc32 } from 'node:zlib';
import { RECORD_HEADER_BYTES, RECORD_VERSION } from '../../../spi/record.ts';

/**
 * A block of the log: records one after the other. Big endian.
 *
 * ```
 *  0  u8   0xb1
 *  1  u8   1 (block format)
 *  2  u16  0
 *  4  u32  CRC-32 of the bytes from 8 to the end
 *  8  u32  length of the block
 * 12  u32  number of records
 * 16  records
 * ```
 */
export const BLOCK_HEADER_BYTES = 16;
const MAGIC = 0xb1;
const FORMAT = 1;

/** Fills in the header of a block whose records are in place. */
export function sealBlock(block: Buffer, records: number): void {
  block[0] = MAGIC;
  block[1] = FORMAT;
  block[2] = 0;
  block[3] = 0;
  block.writeUInt32BE(block.length, 8);
  block.writeUInt32BE(records, 12);
  block.writeUInt32BE(crc32(block.subarray(8)), 4);
}

export function blockRecords(block: Buffer): number {
  return block.readUInt32BE(12);
}

/** What is wrong with a block, or undefined when it is as it was sealed. */
export function blockDamage(block: Buffer): string | undefined {
  if (block.length < BLOCK_HEADER_BYTES) return `only ${String(block.length)} bytes`;
  if (block[0] !== MAGIC) return `wrong magic 0x${(block[0] as number).toString(16)}`;
  if (block[1] !== FORMAT) return `unknown block format ${String(block[1])}`;
  const length = block.readUInt32BE(8);
  if (length !== block.length) {
    return `${String(block.length)} bytes where ${String(length)} were written`;
  }
  return crc32(block.subarray(8)) === block.readUInt32BE(4) ? undefined : 'wrong checksum';
}

/** Position after the record at `at`, or -1 when none can begin there. */
export function recordEnd(block: Buffer, at: number): number {
  if (at + RECORD_HEADER_BYTES > block.length || block[at + 4] !== RECORD_VERSION) return -1;
  const length = block.readUInt32BE(at);
  const end = at + length;
  return length < RECORD_HEADER_BYTES || end > block.length ? -1 : end;
}
