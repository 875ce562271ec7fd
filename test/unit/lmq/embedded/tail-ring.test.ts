import { expect } from 'chai';
import { LmqQueue, LmqSegment } from '../../../../src/lmq/embedded/lmq-queue.ts';
import { LogBlock } from '../../../../src/lmq/embedded/log-block.ts';
import { PositionSlab } from '../../../../src/lmq/embedded/position-slab.ts';
import { TailRing } from '../../../../src/lmq/embedded/tail-ring.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';

/** Gives `queue` a block of its own with `records` records. */
function grow(
  ring: TailRing,
  queue: LmqQueue,
  number: number,
  records: number,
  bytes = 1_000,
): LogBlock {
  const block = new LogBlock(number, Buffer.alloc(bytes), new PositionSlab());
  block.add(16);
  const segment = new LmqSegment(queue, block);
  for (let i = 1; i < records; i++) {
    block.add(16 + i);
    segment.add();
  }
  segment.place(queue.maxOffset);
  queue.maxOffset += records;
  queue.pushTail(segment);
  block.addSegment(segment);
  ring.push(block);
  return block;
}

describe('TailRing', () => {
  it('keeps the newest blocks within its bytes and drops the segments of the others', () => {
    const ring = new TailRing(5_000);
    const queue = new LmqQueue(topicQueueName('t'));
    for (let i = 0; i < 1_000; i++) {
      grow(ring, queue, i, 2);
      expect(ring.bytes).to.be.at.most(5_000);
    }
    expect(ring.find(995)).to.equal(undefined);
    expect(ring.find(999)?.number).to.equal(999);
    expect(ring.find(1_000)).to.equal(undefined);
    expect(queue.findTail(1_990)).to.equal(undefined);
    expect(queue.findTail(1_999)?.firstOffset).to.equal(1_998);
    expect(queue.findTail(1_998)?.firstOffset).to.equal(1_998);
    expect(queue.findTail(2_000)).to.equal(undefined);
  });

  it('keeps the newest small blocks only, and large ones up to its bytes', () => {
    const ring = new TailRing(64 << 20);
    const queue = new LmqQueue(topicQueueName('t'));
    for (let i = 0; i < 1_000; i++) grow(ring, queue, i, 1);
    expect(ring.find(935)).to.equal(undefined);
    expect(ring.find(936)?.number).to.equal(936);
    expect(queue.findTail(935)).to.equal(undefined);
    for (let i = 1_000; i < 2_000; i++) grow(ring, queue, i, 1, 32 * 1024);
    expect(ring.find(936)?.number).to.equal(936);
    for (let i = 2_000; i < 2_064; i++) grow(ring, queue, i, 1);
    expect(ring.find(999)).to.equal(undefined);
    expect(ring.find(1_000)?.number).to.equal(1_000);
    ring.dropBelow(2_064);
    expect(ring.bytes).to.equal(0);
    for (let i = 2_064; i < 2_128; i++) grow(ring, queue, i, 1);
    expect(ring.find(2_064)?.number).to.equal(2_064);
  });

  it('counts what segments take besides their records', () => {
    const ring = new TailRing(1 << 20);
    const queue = new LmqQueue(topicQueueName('t'));
    grow(ring, queue, 0, 1);
    const small = ring.bytes;
    grow(ring, queue, 1, 501);
    expect(ring.bytes - small).to.be.at.least(small + 500 * 4);
  });

  it('finds offsets wherever readers are, after any number of evictions', () => {
    const ring = new TailRing(200_000);
    const queue = new LmqQueue(topicQueueName('t'));
    for (let i = 0; i < 400; i++) {
      grow(ring, queue, i, 1 + (i % 5));
      const last = queue.maxOffset - 1;
      for (const offset of [last, last - 3, last - 50, last - 51, last - 52, last - 120]) {
        const segment = queue.findTail(offset);
        if (segment === undefined) continue;
        expect(offset - segment.firstOffset).to.be.within(0, segment.count - 1);
      }
      expect(queue.findTail(last)).not.to.equal(undefined);
    }
  });

  it('lets go of what retention has removed', () => {
    const ring = new TailRing(1 << 20);
    const queue = new LmqQueue(topicQueueName('t'));
    for (let i = 0; i < 10; i++) grow(ring, queue, i, 1);
    ring.dropBelow(7);
    expect(ring.find(6)).to.equal(undefined);
    expect(queue.findTail(6)).to.equal(undefined);
    expect(queue.findTail(7)?.firstOffset).to.equal(7);
    ring.dropBelow(100);
    expect(ring.bytes).to.equal(0);
    expect(queue.findTail(9)).to.equal(undefined);
  });

  it('holds nothing when it may not', () => {
    const ring = new TailRing(0);
    const queue = new LmqQueue(topicQueueName('t'));
    grow(ring, queue, 0, 1);
    expect(ring.bytes).to.equal(0);
    expect(queue.findTail(0)).to.equal(undefined);
  });
});
