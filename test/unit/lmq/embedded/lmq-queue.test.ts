import { expect } from 'chai';
import { LmqQueue, LmqSegment } from '../../../../src/lmq/embedded/lmq-queue.ts';
import { LogBlock } from '../../../../src/lmq/embedded/log-block.ts';
import { positionAt } from '../../../../src/lmq/spi/record-segment.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';

const block = new LogBlock(1, Buffer.alloc(0));
block.add(16);

/** A segment of one record at `offset`, added to the tail. */
function push(queue: LmqQueue, offset: number): LmqSegment {
  const segment = new LmqSegment(queue, block);
  segment.firstOffset = offset;
  queue.pushTail(segment);
  return segment;
}

describe('lmq embedded: tail of a queue', () => {
  it('is of its own queue: empty ones share memory, not segments', () => {
    const queues = ['a', 'b'].map((name) => new LmqQueue(topicQueueName(name)));
    const [first, second] = queues as [LmqQueue, LmqQueue];
    for (let round = 0; round < 3; round++) {
      const segment = push(first, round);
      expect(first.findTail(round)).to.equal(segment);
      expect(second.findTail(round)).to.equal(undefined);
      if (round === 1) first.clearTail();
      else first.shiftTail();
      expect(first.findTail(round)).to.equal(undefined);
      first.shiftTail();
    }
  });

  it('finds each of many segments, and the rest when the oldest go', () => {
    const queue = new LmqQueue(topicQueueName('a'));
    const segments = Array.from({ length: 200 }, (_, offset) => push(queue, offset));
    for (let gone = 0; gone <= 200; gone++) {
      for (const offset of [0, gone - 1, gone, 150, 199]) {
        const expected = offset < gone ? undefined : segments[offset];
        expect(queue.findTail(offset), `${String(offset)} of ${String(gone)}`).to.equal(expected);
      }
      queue.shiftTail();
    }
    expect(push(queue, 200)).to.equal(queue.findTail(200));
  });
});

describe('lmq embedded: segments of a block', () => {
  const bytes = Buffer.alloc(0);
  const positionsOf = (segment: LmqSegment): number[] =>
    Array.from({ length: segment.count }, (_, i) => positionAt(segment, segment.firstOffset + i));

  it('share its positions while their records follow each other, and have their own from the first gap on', () => {
    const shared = new LogBlock(1, bytes);
    const [all, one, other] = ['#', 'one', 'other'].map(
      (name) => new LmqQueue(topicQueueName(name)),
    ) as [LmqQueue, LmqQueue, LmqQueue];
    shared.add(16);
    const whole = new LmqSegment(all, shared);
    const first = new LmqSegment(one, shared);
    let last = first;
    for (let i = 1; i < 50; i++) {
      shared.add(16 + i * 10);
      whole.add();
      if (i === 20) last = new LmqSegment(other, shared);
      else if (i < 20 || i === 49) first.add();
      else last.add();
    }
    whole.firstOffset = 1_000;
    const every = Array.from({ length: 50 }, (_, i) => 16 + i * 10);
    expect(positionsOf(whole)).to.deep.equal(every);
    expect(positionsOf(first)).to.deep.equal([...every.slice(0, 20), every[49]]);
    expect(positionsOf(last)).to.deep.equal(every.slice(20, 49));
    expect([whole, first, last].map(({ hasGaps }) => hasGaps)).to.deep.equal([false, true, false]);
    expect(whole.positions).to.equal(last.positions);
    const before = shared.retainedBytes;
    shared.addSegment(last);
    const segmentBytes = shared.retainedBytes - before;
    shared.addSegment(first);
    expect(shared.retainedBytes - before).to.equal(2 * segmentBytes + 160 + 21 * 8);
  });

  it('take several records at a time, as they would one by one', () => {
    const shared = new LogBlock(1, bytes);
    const [one, other] = ['one', 'other'].map((name) => new LmqQueue(topicQueueName(name))) as [
      LmqQueue,
      LmqQueue,
    ];
    const add = (records: number): void => {
      for (let i = 0; i < records; i++) shared.add(16 + shared.records * 10);
    };
    add(1);
    const first = new LmqSegment(one, shared);
    add(3);
    first.addNewest(3);
    expect([positionsOf(first), first.hasGaps]).to.deep.equal([[16, 26, 36, 46], false]);
    add(1);
    const second = new LmqSegment(other, shared);
    add(2);
    first.addNewest(2);
    expect(positionsOf(first)).to.deep.equal([16, 26, 36, 46, 66, 76]);
    add(2);
    second.addNewest(2);
    expect(positionsOf(second)).to.deep.equal([56, 86, 96]);
    add(2);
    first.addNewest(2);
    expect(positionsOf(first)).to.deep.equal([16, 26, 36, 46, 66, 76, 106, 116]);
    expect([first.hasGaps, second.hasGaps]).to.deep.equal([true, true]);
  });

  it('leave their queues with the block, and do not hold each other then', () => {
    const gone = new LogBlock(1, bytes);
    const queue = new LmqQueue(topicQueueName('a'));
    const second = new LmqQueue(topicQueueName('b'));
    const segments = [queue, second].map((owner) => {
      gone.add(16);
      const segment = new LmqSegment(owner, gone);
      owner.pushTail(segment);
      gone.addSegment(segment);
      return segment;
    });
    expect([queue.findTail(0), second.findTail(0)]).to.deep.equal(segments);
    gone.dropSegments();
    expect([queue.findTail(0), second.findTail(0)]).to.deep.equal([undefined, undefined]);
    for (const { next } of segments) expect(next).to.equal(undefined);
  });
});
