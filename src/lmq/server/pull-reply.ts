import type { PulledRun, PullReply } from '../../rpc/messages/store-v1.ts';
import { recordLength } from '../spi/record.ts';
import type { PullResult, Queue } from '../spi/types.ts';
import { joinParts, type SegmentPart } from './record-block.ts';

/**
 * What was pulled, without what lies before `offset` and behind the limits: whole segments come from the
 * store, and they may be large.
 */
export function pullReply(
  queue: Queue,
  offset: number,
  maxMessages: number,
  maxBytes: number,
  result: PullResult,
): { reply: PullReply; bytes: number } {
  const parts: SegmentPart[] = [];
  let count = 0;
  let bytes = 0;
  let isFull = false;
  for (const segment of result.segments) {
    const { buffer, positions, start } = segment;
    const from = Math.max(0, offset - segment.firstOffset);
    let to = from;
    while (to < segment.count) {
      const size = recordLength(buffer, positions[start + to] as number);
      isFull = count > 0 && (count >= maxMessages || bytes >= maxBytes);
      if (isFull) break;
      count++;
      bytes += size;
      to++;
    }
    if (to > from) parts.push({ segment, from, to });
    if (isFull) break;
  }
  const runs: PulledRun[] =
    count === 0 ? [] : [{ firstOffset: offset, count, records: joinParts(parts) }];
  const nextOffset = count === 0 ? result.nextOffset : offset + count;
  const { minOffset } = queue;
  return { reply: { status: result.status, nextOffset, minOffset, runs }, bytes };
}
