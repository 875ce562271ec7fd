import type { QueueOffset } from '../../lmq/spi/types.ts';
import type { Gap } from './cursor.ts';
import type { SessionCursor } from './session.ts';

/** Gaps that one cursor may have: beyond, what should be dropped is kept. */
const MAX_GAPS = 1024;

/** Moves the cursor over the gaps that begin where it is. */
export function passGaps(cursor: SessionCursor): void {
  const { gaps = [] } = cursor;
  for (let gap = gaps[0]; gap !== undefined && gap.from <= cursor.offset; gap = gaps[0]) {
    if (gap.to > cursor.offset) cursor.offset = gap.to;
    cursor.dirty = true;
    gaps.shift();
  }
  cursor.stopAt = gaps[0]?.from ?? -1;
}

/** Has the cursor pass over everything from `from` to `to`, which lies behind all of its gaps; returns what is new in it. */
export function addGap(cursor: SessionCursor, from: QueueOffset, to: QueueOffset): number {
  const gaps = (cursor.gaps ??= []);
  let start = Math.max(from, cursor.offset);
  if (start >= to) return 0;
  let added = to - start;
  for (let last = gaps.at(-1); last !== undefined && last.to >= start; last = gaps.at(-1)) {
    added -= Math.min(last.to, to) - Math.max(last.from, start);
    start = Math.min(start, last.from);
    gaps.pop();
  }
  if (gaps.length >= MAX_GAPS) return 0;
  gaps.push({ from: start, to });
  cursor.stopAt = (gaps[0] as Gap).from;
  return added;
}
