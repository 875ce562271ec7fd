import { expect } from 'chai';
import { topicQueueName } from '../../../src/lmq/spi/queue-name.ts';
import { PullStatus, type Segment } from '../../../src/lmq/spi/types.ts';
import { freshStore, put, readFrom, type StoreFactory } from './harness.ts';

export function pullSuite(factory: StoreFactory): void {
  describe('pull', () => {
    const current = freshStore(factory);

    it('reads segments in offset order without gaps, the first one holding the offset', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      for (let i = 0; i < 20; i++) await put(store, 't', 'a', 'b', 'c');
      for (const offset of [0, 1, 2, 3, 30, 58, 59]) {
        const result = await store.pull(queue, offset, 1_000, 1 << 20);
        expect(result.status).to.equal(PullStatus.FOUND);
        const [first] = result.segments as [Segment];
        expect(first.firstOffset).to.be.at.most(offset);
        expect(first.firstOffset + first.count).to.be.greaterThan(offset);
        let next = first.firstOffset;
        for (const segment of result.segments) {
          expect(segment.firstOffset).to.equal(next);
          next += segment.count;
        }
        expect(result.nextOffset).to.equal(next);
      }
    });

    it('returns at least one record, however small the limits', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      for (let i = 0; i < 5; i++) await put(store, 't', String(i));
      const all = await readFrom(store, queue, 0, 1);
      expect(all.map((record) => record.payload)).to.deep.equal(['0', '1', '2', '3', '4']);
      const one = await store.pull(queue, 2, 1, 1);
      expect(one.status).to.equal(PullStatus.FOUND);
      expect(one.nextOffset).to.equal(3);
    });

    it('ends with the segment that reaches a limit', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      for (let i = 0; i < 10; i++) await put(store, 't', 'x'.repeat(1_000));
      expect((await store.pull(queue, 0, 3, 1 << 20)).nextOffset).to.equal(3);
      expect((await store.pull(queue, 0, 100, 2_500)).nextOffset).to.equal(3);
    });

    it('says that there is nothing new at the end', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      const empty = await store.pull(queue, 0, 10, 1_000);
      expect(empty).to.deep.equal({
        status: PullStatus.NO_NEW_MSG,
        segments: [],
        nextOffset: 0,
      });
      await put(store, 't', 'a');
      expect((await store.pull(queue, 1, 10, 1_000)).status).to.equal(PullStatus.NO_NEW_MSG);
    });

    it('says that an offset lies beyond the end, and where the end is', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      await put(store, 't', 'a');
      const result = await store.pull(queue, 7, 10, 1_000);
      expect(result).to.deep.equal({
        status: PullStatus.OFFSET_OVERFLOW,
        segments: [],
        nextOffset: 1,
      });
    });

    it('says that records are gone, and where to go on', async () => {
      const { store, expireAll } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      await put(store, 't', 'a', 'b', 'c');
      await expireAll();
      expect([queue.minOffset, queue.maxOffset]).to.deep.equal([3, 3]);
      expect(store.tail(queue, 1)).to.equal(undefined);
      const result = await store.pull(queue, 1, 10, 1_000);
      expect(result).to.deep.equal({
        status: PullStatus.OFFSET_TOO_SMALL,
        segments: [],
        nextOffset: 3,
      });
      await put(store, 't', 'd');
      expect([queue.minOffset, queue.maxOffset]).to.deep.equal([3, 4]);
      expect((await readFrom(store, queue, 3)).map((record) => record.payload)).to.deep.equal([
        'd',
      ]);
      expect(store.stats.recordsExpired).to.be.at.least(3);
      expect(store.stats.minimaMoved).to.be.at.least(1);
      await current().freshFigures?.();
      const { recordsAppended, recordsExpired, recordsStored, bytesStored } = store.stats;
      expect(recordsStored).to.equal(recordsAppended - recordsExpired);
      expect(bytesStored).to.be.above(0);
    });

    it('goes on with the offsets of a queue whose records are all gone but not its consumers', async () => {
      const { store, expireAll } = current();
      await put(store, 't', 'a', 'b');
      const consumed = await store.openQueue(topicQueueName('t'));
      store.commitOffset('c', consumed, 1);
      store.closeQueue(consumed);
      await expireAll();
      const queue = await store.openQueue(topicQueueName('t'));
      expect([queue.minOffset, queue.maxOffset, queue.nextOffset]).to.deep.equal([2, 2, 2]);
    });
  });
}
