import { expect } from 'chai';
import { topicQueueName } from '../../../src/lmq/spi/queue-name.ts';
import { type Segment } from '../../../src/lmq/spi/types.ts';
import { freshStore, publish, put, recordsOf, turn, type StoreFactory } from './harness.ts';

export function boundsSuite(factory: StoreFactory): void {
  describe('queues', () => {
    const current = freshStore(factory);

    it('begin at offset 0 and are empty when new', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('new'));
      expect(queue).to.deep.include({ name: 'tnew', minOffset: 0, maxOffset: 0, nextOffset: 0 });
    });

    it('count what is appended in nextOffset and what is durable in maxOffset', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      publish(store, 't', '1');
      publish(store, 't', '2');
      expect([queue.maxOffset, queue.nextOffset]).to.deep.equal([0, 2]);
      await turn();
      const commit = publish(store, 't', '3');
      expect(queue.nextOffset).to.equal(3);
      await store.committed(commit);
      expect([queue.maxOffset, queue.nextOffset]).to.deep.equal([3, 3]);
    });

    it('have an id of their own that stays', async () => {
      const { store } = current();
      const a = await store.openQueue(topicQueueName('a'));
      const b = await store.openQueue(topicQueueName('b'));
      expect(a.id).not.to.equal(b.id);
      const { id } = a;
      store.closeQueue(a);
      expect((await store.openQueue(topicQueueName('a'))).id).to.equal(id);
    });

    it('share bounds when opened several times, also at once and with the first append', async () => {
      const { store } = current();
      const opening = [1, 2, 3].map(() => store.openQueue(topicQueueName('t')));
      const commit = publish(store, 't', 'x');
      const queues = await Promise.all(opening);
      await store.committed(commit);
      expect(queues.map((queue) => queue.maxOffset)).to.deep.equal([1, 1, 1]);
      expect(new Set(queues.map((queue) => queue.id)).size).to.equal(1);
      store.closeQueue(queues[0] as (typeof queues)[0]);
      await put(store, 't', 'y');
      expect(queues[1]?.maxOffset).to.equal(2);
      expect(store.stats.openQueues).to.be.at.least(1);
    });

    it('are known by what they hold when opened after the append', async () => {
      const { store } = current();
      await put(store, 't', 'a', 'b');
      const queue = await store.openQueue(topicQueueName('t'));
      expect([queue.minOffset, queue.maxOffset]).to.deep.equal([0, 2]);
    });
  });

  describe('tail', () => {
    const current = freshStore(factory);

    it('finds the segment that holds a committed offset, and nothing at the end', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      await put(store, 't', 'a', 'b', 'c');
      await put(store, 't', 'd');
      for (const [offset, payload] of ['a', 'b', 'c', 'd'].entries()) {
        const segment = store.tail(queue, offset) as Segment;
        const index = offset - segment.firstOffset;
        expect(index).to.be.within(0, segment.count - 1);
        expect(recordsOf(segment)[index]?.payload).to.equal(payload);
      }
      expect(store.tail(queue, 4)).to.equal(undefined);
      publish(store, 't', 'not durable yet');
      expect(store.tail(queue, 4)).to.equal(undefined);
    });

    it('gives all readers the same segment, with a memo that stays', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      await put(store, 't', 'a');
      const segment = store.tail(queue, 0) as Segment;
      expect(segment.memo).to.equal(undefined);
      segment.memo = 'encoded';
      expect((store.tail(queue, 0) as Segment).memo).to.equal('encoded');
    });

    it('finds old and new offsets in any order', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      for (let i = 0; i < 60; i++) await put(store, 't', `${String(i)}a`, `${String(i)}b`);
      for (let i = 0; i < 500; i++) {
        const offset = (i * 37) % 120;
        const segment = store.tail(queue, offset) as Segment;
        const record = recordsOf(segment)[offset - segment.firstOffset];
        expect(record?.payload).to.equal(
          `${String(Math.floor(offset / 2))}${offset % 2 === 0 ? 'a' : 'b'}`,
        );
      }
    });
  });
}
