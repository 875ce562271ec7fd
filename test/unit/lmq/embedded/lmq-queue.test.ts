import { expect } from 'chai';
import { LmqQueue, LmqSegment } from '../../../../src/lmq/embedded/lmq-queue.ts';
import { LogBlock } from '../../../../src/lmq/embedded/log-block.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';

const block = new LogBlock(1, Buffer.alloc(0));

/** A segment of one record at `offset`, added to the tail. */
function push(queue: LmqQueue, offset: number): LmqSegment {
  const segment = new LmqSegment(queue, block, 0);
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
