import { expect } from 'chai';
import { LmqQueue, LmqSegment } from '../../../../src/lmq/embedded/lmq-queue.ts';
import { LogBlock } from '../../../../src/lmq/embedded/log-block.ts';
import { PositionSlab } from '../../../../src/lmq/embedded/position-slab.ts';
import { positionAt } from '../../../../src/lmq/spi/record-segment.ts';
import { Random } from '../../../helpers/random.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';

const newBlock = (): LogBlock => new LogBlock(1, Buffer.alloc(0), new PositionSlab());

const block = newBlock();
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
  const positionsOf = (segment: LmqSegment): number[] =>
    Array.from({ length: segment.count }, (_, i) => positionAt(segment, segment.firstOffset + i));
  /** As a commit does with what it has, before anything reads it. */
  const place = (segments: readonly LmqSegment[]): void => {
    for (const segment of segments) segment.place(1_000);
  };

  it('share its positions while their records follow each other, and have their own from the first gap on', () => {
    const shared = newBlock();
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
    place([whole, first, last]);
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
    expect(shared.retainedBytes - before).to.equal(2 * segmentBytes + 21 * 16);
  });

  it('take several records at a time, as they would one by one', () => {
    const shared = newBlock();
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
    add(1);
    const second = new LmqSegment(other, shared);
    add(2);
    first.addNewest(2);
    add(2);
    second.addNewest(2);
    add(2);
    first.addNewest(2);
    place([first, second]);
    expect(positionsOf(first)).to.deep.equal([16, 26, 36, 46, 66, 76, 106, 116]);
    expect(positionsOf(second)).to.deep.equal([56, 86, 96]);
    expect([first.hasGaps, second.hasGaps]).to.deep.equal([true, true]);
  });

  it('have the positions of their records, whatever the order, while the list of the block moves', () => {
    const slab = new PositionSlab();
    const random = new Random(7);
    for (let round = 0; round < 60; round++) {
      const shared = new LogBlock(round, Buffer.alloc(0), slab);
      const owners = Array.from({ length: 1 + (round % 7) }, (_, i) => ({
        queue: new LmqQueue(topicQueueName(String(i))),
        segment: undefined as LmqSegment | undefined,
        expected: [] as number[],
      }));
      for (let total = 0; total < 40 * round;) {
        const owner = random.pick(owners);
        const run = 1 + random.below(random.chance(0.1) ? 60 : 3);
        for (let i = 0; i < run; i++) {
          const position = 16 + (total + i) * 10;
          shared.add(position);
          owner.expected.push(position);
          if (i === 0 && owner.segment === undefined) {
            owner.segment = new LmqSegment(owner.queue, shared);
          } else if (i === 0) owner.segment?.add();
        }
        if (run > 1) owner.segment?.addNewest(run - 1);
        total += run;
      }
      shared.close(shared.buffer);
      for (const { segment, expected } of owners) {
        if (segment === undefined) continue;
        place([segment]);
        expect(positionsOf(segment)).to.deep.equal(expected);
      }
    }
  });

  it('of one block after the other have the same memory, until it is used up', () => {
    const slab = new PositionSlab();
    const blocks = Array.from({ length: 3 }, (_, number) => {
      const one = new LogBlock(number, Buffer.alloc(0), slab);
      for (let i = 0; i < 100; i++) one.add(i);
      one.close(one.buffer);
      return one;
    });
    expect(blocks.map(({ first }) => first)).to.deep.equal([0, 100, 200]);
    expect(new Set(blocks.map(({ positions }) => positions)).size).to.equal(1);
    const large = new LogBlock(3, Buffer.alloc(0), slab);
    for (let i = 0; i < 100_000; i++) large.add(i);
    expect(large.positions).not.to.equal(blocks[0]?.positions);
    expect(Array.from(large.positions.subarray(large.first, large.first + 100_000))).to.deep.equal(
      Array.from({ length: 100_000 }, (_, i) => i),
    );
  });

  it('leave their queues with the block, and do not hold each other then', () => {
    const gone = newBlock();
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
