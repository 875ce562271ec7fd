import { expect } from 'chai';
import { AckQueue } from '../../../../src/gateway/channel/ack-queue.ts';
import { OutBuffer } from '../../../../src/gateway/codec/out-buffer.ts';
import { commitBase } from '../../../../src/lmq/spi/lane.ts';

function acks(out: OutBuffer): number[][] {
  const parts: Buffer[] = [];
  out.drainTo((slab, length) => parts.push(Buffer.from(slab.subarray(0, length))));
  const bytes = Buffer.concat(parts);
  const found: number[][] = [];
  for (let at = 0; at < bytes.length; at += 4) found.push([bytes[at]!, bytes.readUInt16BE(at + 2)]);
  return found;
}

describe('gateway: AckQueue', () => {
  it('releases in order what waited for commits up to one [MQTT-4.6.0-2]', () => {
    const queue = new AckQueue();
    const out = new OutBuffer();
    queue.push(0x40, 1, 5);
    queue.push(0x50, 2, 5);
    queue.push(0x40, 3, 6);
    queue.push(0x70, 4, 8);
    expect(queue.release(4, out)).to.equal(0);
    expect(queue.release(6, out)).to.equal(3);
    expect(acks(out)).to.deep.equal([
      [0x40, 1],
      [0x50, 2],
      [0x40, 3],
    ]);
    expect(queue.size).to.equal(1);
    expect(queue.release(9, out)).to.equal(1);
    expect(acks(out)).to.deep.equal([[0x70, 4]]);
    expect(queue.size).to.equal(0);
  });

  it('says whether a commit is waited for already, and which is the last', () => {
    const queue = new AckQueue();
    expect(queue.lastCommit).to.equal(0);
    expect(queue.push(0x40, 1, 5)).to.equal(true);
    expect(queue.push(0x40, 2, 5)).to.equal(false);
    expect(queue.push(0x40, 3, 6)).to.equal(true);
    expect(queue.lastCommit).to.equal(6);
    queue.release(6, new OutBuffer());
    expect(queue.lastCommit).to.equal(0);
    expect(queue.push(0x40, 4, 7)).to.equal(true);
  });

  it('keeps the order over several stores, each entry waiting for its own [MQTT-4.6.0-2]', () => {
    const other = commitBase(1);
    const queue = new AckQueue();
    const out = new OutBuffer();
    expect(queue.push(0x40, 1, 5)).to.equal(true);
    expect(queue.push(0x40, 2, other + 1)).to.equal(true);
    expect(queue.push(0x50, 3, 5)).to.equal(true);
    queue.push(0x40, 4, 6);
    queue.push(0x40, 5, other + 2);
    expect(queue.release(6, out)).to.equal(1);
    expect(acks(out)).to.deep.equal([[0x40, 1]]);
    expect(queue.release(other + 1, out)).to.equal(3);
    expect(acks(out)).to.deep.equal([
      [0x40, 2],
      [0x50, 3],
      [0x40, 4],
    ]);
    expect(queue.release(7, out)).to.equal(0);
    expect(queue.release(other + 3, out)).to.equal(1);
    expect(acks(out)).to.deep.equal([[0x40, 5]]);
  });

  it('does not forget which commits are over while others of other stores come', () => {
    const other = commitBase(1);
    const queue = new AckQueue();
    const out = new OutBuffer();
    queue.push(0x40, 1, other + 1);
    queue.push(0x40, 2, 5);
    expect(queue.release(5, out)).to.equal(0);
    queue.push(0x40, 3, other + 2);
    expect(queue.release(other + 2, out)).to.equal(3);
    expect(acks(out)).to.deep.equal([
      [0x40, 1],
      [0x40, 2],
      [0x40, 3],
    ]);
  });

  it('answers the failed commit of one store alone by reason code', () => {
    const other = commitBase(1);
    const queue = new AckQueue();
    const out = new OutBuffer();
    queue.push(0x40, 1, other + 1);
    queue.push(0x40, 2, 5);
    queue.push(0x40, 3, other + 1);
    queue.release(5, out);
    queue.release(other + 1, out, 0x80);
    const parts: string[] = [];
    out.drainTo((slab, length) => parts.push(slab.toString('hex', 0, length)));
    expect(parts.join('')).to.equal('4003000180' + '40020002' + '4003000380');
  });

  it('answers a failed commit by reason code, and PUBREL and PUBCOMP, which have none, not at all', () => {
    const queue = new AckQueue();
    const out = new OutBuffer();
    queue.push(0x40, 1, 5);
    queue.push(0x40, 2, 5, 0x87);
    queue.push(0x62, 3, 5);
    queue.push(0x50, 4, 6);
    queue.push(0x70, 5, 6);
    queue.release(6, out, 0x80);
    const parts: string[] = [];
    out.drainTo((slab, length) => parts.push(slab.toString('hex', 0, length)));
    expect(parts.join('')).to.equal('4003000180' + '4003000287' + '5003000480');
    expect(queue.size).to.equal(0);
  });

  it('grows while its ring is wrapped', () => {
    const queue = new AckQueue();
    const out = new OutBuffer();
    for (let id = 1; id <= 40; id++) queue.push(0x40, id, 1);
    queue.release(1, out);
    acks(out);
    for (let id = 1; id <= 1000; id++) queue.push(0x62, 65_535 - id, 2 + (id >> 7));
    expect(queue.size).to.equal(1000);
    queue.release(100, out);
    expect(acks(out)).to.deep.equal(Array.from({ length: 1000 }, (_, i) => [0x62, 65_534 - i]));
  });

  it('takes PUBACKs by the run, with what is before and behind them, also when the ring has to grow', () => {
    const queue = new AckQueue();
    const out = new OutBuffer();
    const ids = Uint16Array.from({ length: 300 }, (_, i) => i + 1);
    expect(queue.push(0x50, 9, 1)).to.equal(true);
    expect(queue.pushPubacks(ids, 2, 1)).to.equal(false);
    expect(queue.pushPubacks(ids, 300, 2)).to.equal(true);
    expect(queue.pushPubacks(ids, 1, 2)).to.equal(false);
    queue.push(0x70, 8, 2);
    expect([queue.pubacks, queue.size]).to.deep.equal([303, 305]);
    expect(queue.release(1, out)).to.equal(3);
    expect(acks(out)).to.deep.equal([
      [0x50, 9],
      [0x40, 1],
      [0x40, 2],
    ]);
    expect(queue.pubacks).to.equal(301);
    expect(queue.release(2, out)).to.equal(302);
    expect(acks(out)).to.deep.equal([...Array.from(ids, (id) => [0x40, id]), [0x40, 1], [0x70, 8]]);
    expect([queue.pubacks, queue.size]).to.deep.equal([0, 0]);
  });

  it('encodes what has a reason code among what has none, more than fit one slab', () => {
    const queue = new AckQueue();
    const out = new OutBuffer();
    const expected: Buffer[] = [];
    for (let i = 1; i <= 20_000; i++) {
      const reason = i % 700 === 0 || i === 701 ? 0x10 : 0;
      queue.push(i % 3 === 0 ? 0x50 : 0x40, i, 1, reason);
      expected.push(Buffer.of(i % 3 === 0 ? 0x50 : 0x40, reason === 0 ? 2 : 3, i >>> 8, i));
      if (reason !== 0) expected.push(Buffer.of(reason));
    }
    expect(queue.release(1, out)).to.equal(20_000);
    const parts: Buffer[] = [];
    out.drainTo((slab, length) => parts.push(Buffer.from(slab.subarray(0, length))));
    expect(Buffer.concat(parts).equals(Buffer.concat(expected))).to.equal(true);
    expect(queue.pubacks).to.equal(0);
  });
});
