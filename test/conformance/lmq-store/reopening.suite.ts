import { expect } from 'chai';
import type { LmqStore } from '../../../src/lmq/spi/lmq-store.ts';
import { filterQueueName, topicQueueName } from '../../../src/lmq/spi/queue-name.ts';
import { StateSpace } from '../../../src/lmq/spi/types.ts';
import { freshStore, payloads, publish, put, readFrom, type StoreFactory } from './harness.ts';

/** For stores whose data outlives them. */
export function reopeningSuite(factory: StoreFactory): void {
  describe('reopening', () => {
    const current = freshStore(factory);

    const reopen = (): Promise<LmqStore> => {
      const { reopen: open } = current();
      if (open === undefined) throw new Error('the store cannot be reopened');
      return open();
    };

    it('keeps records, bounds and ids, and goes on behind them', async () => {
      const { store } = current();
      const before = await store.openQueue(topicQueueName('t'));
      await store.acquireFilter('#', true);
      await put(store, 't', 'a', 'b');
      await put(store, 'u', 'c');
      const again = await reopen();
      const queue = await again.openQueue(topicQueueName('t'));
      expect(queue).to.deep.include({ id: before.id, minOffset: 0, maxOffset: 2, nextOffset: 2 });
      publish(again, 'new', 'd');
      await put(again, 't', 'e');
      const fresh = await again.openQueue(topicQueueName('new'));
      const ids = [queue.id, fresh.id, (await again.openQueue(topicQueueName('u'))).id];
      expect(new Set(ids).size).to.equal(3);
      expect((await readFrom(again, queue, 0)).map((record) => record.payload)).to.deep.equal([
        'a',
        'b',
        'e',
      ]);
      expect(await payloads(again, filterQueueName('#'))).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
    });

    it('keeps the order when the first append comes before the queue is known', async () => {
      const { store } = current();
      await put(store, 't', '0', '1');
      const again = await reopen();
      const expected = ['0', '1'];
      let commit = 0;
      for (let i = 2; i < 40; i++) {
        commit = publish(again, 't', String(i));
        expected.push(String(i));
        if (i % 5 === 0) await Promise.resolve();
        if (i % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await again.committed(commit);
      expect(await payloads(again, topicQueueName('t'))).to.deep.equal(expected);
    });

    it('writes what was open when the store stopped', async () => {
      const { store } = current();
      publish(store, 't', 'x');
      store.putState(StateSpace.SESSION, 'k', Buffer.from('v'));
      const again = await reopen();
      expect(await payloads(again, topicQueueName('t'))).to.deep.equal(['x']);
      expect(String(await again.getState(StateSpace.SESSION, 'k'))).to.equal('v');
    });

    it('keeps state and consumer offsets', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      store.commitOffset('c', queue, 7);
      store.commitOffset('gone', queue, 7);
      store.putState(StateSpace.SESSION, 'gone', Buffer.from('v'));
      store.putState(StateSpace.RETAINED, 'k', Buffer.from('v'));
      await store.committed(store.openCommit);
      store.deleteOffset('gone', queue);
      await store.committed(store.deleteState(StateSpace.SESSION, 'gone'));
      const again = await reopen();
      const same = await again.openQueue(topicQueueName('t'));
      expect(await again.loadOffset('c', same)).to.equal(7);
      expect(await again.loadOffset('gone', same)).to.equal(undefined);
      expect(await again.getState(StateSpace.SESSION, 'gone')).to.equal(undefined);
      expect(String(await again.getState(StateSpace.RETAINED, 'k'))).to.equal('v');
    });

    it('keeps pinned filters and durable uses, and forgets the others', async () => {
      const { store } = current();
      await store.acquireFilter('durable/#', true);
      await store.acquireFilter('durable/#', true);
      await store.acquireFilter('durable/#', false);
      await store.acquireFilter('volatile/#', false);
      await store.acquireFilter('released/#', true);
      store.releaseFilter('released/#', true);
      store.pinFilter('pinned/#');
      store.pinFilter('unpinned/#');
      store.unpinFilter('unpinned/#');
      const again = await reopen();
      expect(again.listFilters()).to.have.deep.members([
        { filter: 'durable/#', pinned: false, uses: 2 },
        { filter: 'pinned/#', pinned: true, uses: 0 },
      ]);
      await put(again, 'durable/a', 'x');
      expect(await payloads(again, filterQueueName('durable/#'))).to.deep.equal(['x']);
    });

    it('numbers commits from 1 again', async () => {
      const { store } = current();
      await put(store, 't', 'x');
      await put(store, 't', 'x');
      const again = await reopen();
      expect(again.openCommit).to.equal(1);
    });

    it('keeps what retention has removed removed', async () => {
      const { store, expireAll } = current();
      await put(store, 't', 'a', 'b');
      store.commitOffset('c', await store.openQueue(topicQueueName('t')), 1);
      await expireAll();
      await put(store, 't', 'c');
      const again = await reopen();
      const queue = await again.openQueue(topicQueueName('t'));
      expect([queue.minOffset, queue.maxOffset]).to.deep.equal([2, 3]);
      expect(await payloads(again, topicQueueName('t'))).to.deep.equal(['c']);
    });
  });
}
