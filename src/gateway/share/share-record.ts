/**
 * Shared group record, format version 1: value of `StateSpace.SHARE`, keyed by `$share/{name}/{filter}`.
 * Its next offset is a consumer offset of the queue. Big endian.
 *
 * ```
 * 0  u8   format version (1)
 * 1  u32  number of runs, each:
 *         u48 first offset · u32 count: messages before the group's offset that are neither acknowledged
 *         nor in the in-flight record of a persistent session
 * ```
 */
import { StateReader, writeU48 } from '../session/state-reader.ts';

const SHARE_RECORD_VERSION = 1;
const HEADER_BYTES = 5;
const RUN_BYTES = 10;
/** More messages than members can ever hold: what says so is not a record of ours. */
const MAX_OFFSETS = 16_777_216;

/** @param offsets ascending, none twice */
export function encodeShareRecord(offsets: readonly number[]): Buffer {
  const runs: number[] = [];
  for (let i = 0; i < offsets.length;) {
    const first = offsets[i] as number;
    let count = 1;
    while (offsets[i + count] === first + count) count++;
    runs.push(first, count);
    i += count;
  }
  const target = Buffer.allocUnsafe(HEADER_BYTES + (runs.length / 2) * RUN_BYTES);
  target[0] = SHARE_RECORD_VERSION;
  let at = target.writeUInt32BE(runs.length / 2, 1);
  for (let i = 0; i < runs.length; i += 2) {
    at = writeU48(target, runs[i] as number, at);
    at = target.writeUInt32BE(runs[i + 1] as number, at);
  }
  return target;
}

/** @throws StoreError STORE_CORRUPT naming the group, for anything but what `encodeShareRecord` writes */
export function decodeShareRecord(value: Buffer, key: string): number[] {
  const reader = new StateReader(value, 'shared group record', key);
  reader.expectVersion(SHARE_RECORD_VERSION);
  const count = reader.u32();
  reader.expect(count, RUN_BYTES);
  const offsets: number[] = [];
  for (let i = 0; i < count; i++) {
    const first = reader.u48();
    const length = reader.u32();
    if (length === 0 || offsets.length + length > MAX_OFFSETS) throw reader.corrupt('illegal run');
    if (first <= (offsets.at(-1) ?? -1)) throw reader.corrupt('runs are not in order');
    for (let offset = first; offset < first + length; offset++) offsets.push(offset);
  }
  reader.expectEnd();
  return offsets;
}
