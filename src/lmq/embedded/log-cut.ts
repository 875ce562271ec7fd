import { corrupt } from './corrupt.ts';
import type { KvEngine } from './kv-engine.ts';
import { Keyspace, keyspaceRange } from './layout/v1/keyspace.ts';
import type { LogBound } from './layout/v1/meta.ts';
import { decodeTimeMark, type TimeMark } from './layout/v1/time-key.ts';
import { MARK_INTERVAL_MS, type LogBounds } from './log-bounds.ts';

export interface RetentionLimits {
  /** Blocks written before this time go; -Infinity for none. */
  readonly before: number;
  /** Bytes that the log may have; Infinity for no limit. */
  readonly maxBytes: number;
}

/** The place below which the log is expired: the one mark or the other, or its end; its start when nothing is. */
export async function findCut(
  engine: KvEngine,
  bounds: LogBounds,
  limits: RetentionLimits,
): Promise<LogBound> {
  const { end } = bounds;
  let cut = bounds.start;
  let mark: TimeMark | undefined;
  for await (const { key, value } of engine.scan(keyspaceRange(Keyspace.TIME))) {
    const next = decodeTimeMark(key, value);
    if (next === undefined) throw corrupt(engine.directory, `time mark 0x${key.toString('hex')}`);
    if (mark !== undefined) {
      if (!isTooOld(mark, limits) && !isTooMuch(mark, end, limits)) return cut;
      if (next.block > cut.block) cut = next;
    }
    mark = next;
  }
  if (mark === undefined) return cut;
  // what follows the newest mark on disk ends with a mark that is in flight, or with the log
  const { lastMark } = bounds;
  const isFollowed = lastMark.block > mark.block;
  if (!isTooOld(mark, limits) && !(isFollowed && isTooMuch(mark, end, limits))) return cut;
  const next = isFollowed ? lastMark : end;
  return next.block > cut.block ? next : cut;
}

/** What follows a mark was written within its interval, or has a mark of its own. */
function isTooOld(mark: TimeMark, limits: RetentionLimits): boolean {
  return mark.time + MARK_INTERVAL_MS <= limits.before;
}

function isTooMuch(mark: TimeMark, end: LogBound, limits: RetentionLimits): boolean {
  return end.bytesBefore - mark.bytesBefore > limits.maxBytes;
}
