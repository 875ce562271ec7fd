import { expect } from 'chai';
import { NO_EXPIRY, recordSize, writeRecord } from '../../../../src/lmq/spi/record.ts';
import type { Segment } from '../../../../src/lmq/spi/types.ts';
import { templateOf } from '../../../../src/gateway/session/segment-template.ts';

const TOPIC = Buffer.from('a/b');
const NOTHING = Buffer.alloc(0);
const FIRST = 40;

/** A segment of QoS 1 messages from offset `FIRST` on. */
function segmentOf(count: number, start = 0): Segment {
  const payload = Buffer.from('payload');
  const size = recordSize(TOPIC.length, 0, 0, payload.length);
  const buffer = Buffer.alloc(size * count);
  const positions = Array<number>(start).fill(-1);
  for (let at = 0; at < buffer.length;) {
    positions.push(at);
    at = writeRecord(
      buffer,
      at,
      1,
      TOPIC,
      NOTHING,
      NOTHING,
      NO_EXPIRY,
      0,
      0,
      payload,
      0,
      payload.length,
    );
  }
  return { firstOffset: FIRST, count, buffer, positions, start, memo: undefined };
}

describe('gateway: templates of segments', () => {
  it('makes none for one subscriber, however many batches it takes', () => {
    const segment = segmentOf(10);
    for (const offset of [FIRST, FIRST + 3, FIRST + 6, FIRST + 9]) {
      expect(templateOf(segment, offset, 1, false), String(offset)).to.equal(undefined);
    }
  });

  it('makes one for the second subscriber, which the first one uses from then on too', () => {
    const segment = segmentOf(10);
    expect(templateOf(segment, FIRST, 1, false)).to.equal(undefined);
    expect(templateOf(segment, FIRST + 3, 1, false)).to.equal(undefined);
    const made = templateOf(segment, FIRST, 1, false);
    expect(made?.ends).to.have.length(10);
    expect(templateOf(segment, FIRST + 6, 1, false)).to.equal(made);
  });

  it('encodes for itself who begins within a segment, until there is one', () => {
    const segment = segmentOf(10);
    expect(templateOf(segment, FIRST, 1, false)).to.equal(undefined);
    expect(templateOf(segment, FIRST + 5, 1, true)).to.equal(undefined);
    expect(templateOf(segment, FIRST, 1, true)).not.to.equal(undefined);
    // Another form is encoded at once: there are two subscribers.
    expect(templateOf(segment, FIRST + 5, 1, false)).not.to.equal(undefined);
  });
});
