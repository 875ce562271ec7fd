import { viewOf } from '../../common/bytes/recent-view.ts';
import type { PayloadRun } from '../../lmq/spi/payload-run.ts';
import { inputView } from './input-view.ts';

/** First byte of PUBLISH at QoS 1 without DUP and RETAIN. */
export const PLAIN_QOS1 = 0x32;
/** Most that are found at a time. */
const MOST = 128;
const ID_BYTES = 2;
const WORD_BYTES = 4;
const NO_BYTES = Buffer.alloc(0);

/**
 * PUBLISH packets of QoS 1 that follow one which has been read, in its chunk, and are as it is in all but packet identifier
 * and payload: the same first byte, topic and properties, byte for byte. What is known of that one holds for them.
 * One for all: they are handled before the next ones are looked for, and its fields hold until then.
 */
export class AlikePublishes implements PayloadRun {
  count = 0;
  /** One past the last of them. */
  end = 0;
  payloadBytes = 0;
  source: Buffer = NO_BYTES;
  view: DataView = viewOf(NO_BYTES);
  readonly packetIds: Uint16Array = new Uint16Array(MOST);
  readonly starts: Int32Array = new Int32Array(MOST);
  readonly ends: Int32Array = new Int32Array(MOST);

  /**
   * Looks for them behind `chunk[start, end)`, whose variable header begins at `bodyStart` and payload at `payloadStart`,
   * up to `limit`. What is malformed, too large or incomplete is not among them.
   * @param most of them
   * @param maxPacketSize bytes of the largest packet that may come
   */
  find(
    chunk: Buffer,
    start: number,
    bodyStart: number,
    payloadStart: number,
    end: number,
    limit: number,
    most: number,
    maxPacketSize: number,
  ): number {
    this.count = 0;
    this.end = end;
    const head = payloadStart - bodyStart;
    // A fixed header has two bytes at least.
    if (limit - end < head + 2 || chunk[end] !== chunk[start]) return 0;
    const idAt = 2 + (((chunk[bodyStart] as number) << 8) | (chunk[bodyStart + 1] as number));
    const properties = head - idAt - ID_BYTES;
    const view = inputView.make(chunk);
    this.source = chunk;
    this.view = view;
    this.payloadBytes = 0;
    const { packetIds, starts, ends } = this;
    const first = view.getUint8(start);
    const last = Math.min(most, MOST);
    let at = end;
    let count = 0;
    while (count < last && limit - at >= head + 2 && view.getUint8(at) === first) {
      let body = at + 2;
      let remaining = view.getUint8(at + 1);
      if (remaining > 0x7f) {
        const next = view.getUint8(at + 2);
        // What has more is so large that reading its beginning costs nothing beside it.
        if (next > 0x7f) break;
        remaining = (remaining & 0x7f) | (next << 7);
        body++;
      }
      const stop = body + remaining;
      if (stop > limit || remaining < head || stop - at > maxPacketSize) break;
      if (!isSame(view, bodyStart, body, idAt)) break;
      const packetId = view.getUint16(body + idAt);
      if (packetId === 0) break;
      const behindId = idAt + ID_BYTES;
      if (properties > 0 && !isSame(view, bodyStart + behindId, body + behindId, properties)) break;
      packetIds[count] = packetId;
      starts[count] = body + head;
      ends[count] = stop;
      this.payloadBytes += remaining - head;
      count++;
      at = stop;
    }
    this.count = count;
    this.end = at;
    return count;
  }
}

/** Whether `length` bytes at `a` are those at `b`, which lies behind. Compared from the end: topics differ in their last levels. */
function isSame(view: DataView, a: number, b: number, length: number): boolean {
  let at = length - WORD_BYTES;
  for (; at >= 0; at -= WORD_BYTES) {
    if (view.getInt32(a + at, true) !== view.getInt32(b + at, true)) return false;
  }
  for (at += WORD_BYTES - 1; at >= 0; at--) {
    if (view.getUint8(a + at) !== view.getUint8(b + at)) return false;
  }
  return true;
}
