import { expect } from 'chai';
import { ErrorCode, StoreError } from '../../../src/common/errors.ts';
import { topicQueueName } from '../../../src/lmq/spi/queue-name.ts';
import { StateSpace, type Arrival } from '../../../src/lmq/spi/types.ts';
import { freshStore, publish, put, rejection, turn, type StoreFactory } from './harness.ts';

export function commitSuite(factory: StoreFactory, isRemote: boolean): void {
  describe('commits', () => {
    const current = freshStore(factory);

    it('are numbered from 1, in order, and reported once each', async () => {
      const { store } = current();
      const seen: number[] = [];
      store.onCommit((commit, error) => {
        expect(error).to.equal(undefined);
        seen.push(commit);
      });
      expect(store.openCommit).to.equal(1);
      for (let i = 1; i <= 5; i++) {
        expect(publish(store, 't', 'x')).to.equal(i);
        await store.committed(i);
      }
      expect(seen).to.deep.equal([1, 2, 3, 4, 5]);
    });

    it('hold everything that one turn writes', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      await store.committed(store.openCommit);
      const commit = store.openCommit;
      expect(publish(store, 't', '1')).to.equal(commit);
      expect(publish(store, 'u', '2')).to.equal(commit);
      expect(store.putState(StateSpace.SESSION, 'k', Buffer.from('v'))).to.equal(commit);
      expect(store.deleteState(StateSpace.WILL, 'k')).to.equal(commit);
      expect(store.commitOffset('c', queue, 1)).to.equal(commit);
      expect(store.deleteOffset('d', queue)).to.equal(commit);
      expect(store.pinFilter('a/#')).to.equal(commit);
      expect(store.openCommit).to.equal(commit);
      await store.committed(commit);
      expect(store.openCommit).to.be.greaterThan(commit);
    });

    it('are not over in the turn that writes them', async () => {
      const { store } = current();
      let isReported = false;
      store.onCommit(() => {
        isReported = true;
      });
      const commit = publish(store, 't', 'x');
      await Promise.resolve();
      expect(isReported).to.equal(false);
      await store.committed(commit);
      expect(isReported).to.equal(true);
    });

    it('are reported before their arrivals, and both after the bounds have moved', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      await store.committed(store.openCommit);
      const events: string[] = [];
      store.onCommit(() => events.push(`commit ${String(queue.maxOffset)}`));
      store.onArrival(() => events.push(`arrival ${String(queue.maxOffset)}`));
      await put(store, 't', 'a', 'b');
      await turn();
      expect(events).to.deep.equal(['commit 2', 'arrival 2']);
    });

    it('tell every queue that grew, open or not, and by how much', async () => {
      const { store } = current();
      if (isRemote)
        for (const topic of ['a/b', 'a/c']) await store.openQueue(topicQueueName(topic));
      const arrivals: [string, number, number][] = [];
      store.onArrival((list: readonly Arrival[]) => {
        for (const { queue, firstOffset, count } of list) {
          arrivals.push([queue.name, firstOffset, count]);
        }
      });
      await store.acquireFilter('a/+', false);
      publish(store, 'a/b', '1');
      publish(store, 'a/c', '2');
      await put(store, 'a/b', '3');
      await put(store, 'a/c', '4');
      await turn();
      expect(arrivals).to.have.deep.members([
        ['ta/b', 0, 2],
        ['ta/c', 0, 1],
        ['fa/+', 0, 3],
        ['ta/c', 1, 1],
        ['fa/+', 3, 1],
      ]);
    });

    it('without records announce no arrival', async () => {
      const { store } = current();
      let count = 0;
      store.onArrival(() => count++);
      await store.committed(store.putState(StateSpace.SESSION, 'k', Buffer.from('v')));
      await turn();
      expect(count).to.equal(0);
    });

    it('may be written to by a listener: that is the next commit', async () => {
      const { store } = current();
      const seen: number[] = [];
      let next: number | undefined;
      store.onCommit((commit) => {
        seen.push(commit);
        next ??= publish(store, 't', 'again');
      });
      const first = publish(store, 't', 'x');
      await store.committed(first);
      expect(next).to.be.greaterThan(first);
      await store.committed(next as number);
      expect(seen).to.deep.equal([first, next]);
    });

    it('can be awaited when open, when over, and not when there is no such commit', async () => {
      const { store } = current();
      await store.committed(store.openCommit);
      await store.committed(1);
      expect(await rejection(store.committed(store.openCommit + 1))).to.be.instanceOf(RangeError);
      expect(await rejection(store.committed(0))).to.be.instanceOf(RangeError);
    });

    it('count what is not durable as backlog', async () => {
      const { store } = current();
      expect(store.backlogBytes).to.equal(0);
      const commit = publish(store, 't', 'x'.repeat(1_000));
      expect(store.backlogBytes).to.be.within(1_000, 2_000);
      store.putState(StateSpace.SESSION, 'k', Buffer.alloc(5_000));
      expect(store.backlogBytes).to.be.within(6_000, 7_500);
      await store.committed(commit);
      expect(store.backlogBytes).to.equal(0);
    });

    it('are written before the store stops', async () => {
      const { store } = current();
      const seen: (Error | undefined)[] = [];
      store.onCommit((_commit, error) => seen.push(error));
      publish(store, 't', 'x');
      await store.stop();
      expect(seen).to.deep.equal([undefined]);
      await store.stop();
    });

    it('fail after the store has stopped', async () => {
      const { store } = current();
      await store.stop();
      const error = await rejection(store.committed(publish(store, 't', 'x')));
      expect(error).to.be.instanceOf(StoreError);
      expect((error as StoreError).code).to.equal(ErrorCode.STORE_CLOSED);
    });
  });

  failureSuite(factory);
}

function failureSuite(factory: StoreFactory): void {
  describe('failed commits', () => {
    const current = freshStore(factory);

    it('report the error, announce nothing, and never succeed again', async () => {
      const { store, failCommits } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      await put(store, 't', 'durable');
      const outcomes: (string | undefined)[] = [];
      let arrivals = 0;
      store.onCommit((_commit, error) => outcomes.push((error as StoreError | undefined)?.code));
      store.onArrival(() => arrivals++);
      failCommits();
      for (let i = 0; i < 3; i++) {
        const error = await rejection(store.committed(publish(store, 't', 'lost')));
        expect(error).to.be.instanceOf(StoreError);
      }
      expect(outcomes).to.deep.equal(Array(3).fill(ErrorCode.STORE_UNAVAILABLE));
      expect(arrivals).to.equal(0);
      expect(queue.maxOffset).to.equal(1);
      expect(store.tail(queue, 1)).to.equal(undefined);
    });

    it('stay failed for who asks later, and good ones stay good', async () => {
      const { store, failCommits } = current();
      const good = publish(store, 't', 'x');
      await store.committed(good);
      failCommits();
      const bad = publish(store, 't', 'x');
      await rejection(store.committed(bad));
      await store.committed(good);
      expect(await rejection(store.committed(bad))).to.be.instanceOf(StoreError);
    });

    it('give their backlog back', async () => {
      const { store, failCommits } = current();
      await put(store, 't', 'x');
      failCommits();
      await rejection(store.committed(publish(store, 't', 'x'.repeat(1_000))));
      expect(store.backlogBytes).to.equal(0);
    });
  });

  describe('back-pressure', () => {
    const limit = 100_000;
    const current = freshStore(factory, { maxBacklogBytes: limit });

    it('begins over the limit and ends once, after room is made', async () => {
      const { store } = current();
      let wakes = 0;
      store.onWritable(() => {
        wakes++;
        expect(store.writable).to.equal(true);
        expect(store.backlogBytes).to.be.at.most(limit / 2);
      });
      expect(store.writable).to.equal(true);
      let commit = 0;
      let bytes = 0;
      while (store.writable) {
        commit = publish(store, 't', 'x'.repeat(1_000));
        bytes += 1_000;
      }
      expect(bytes).to.be.within(limit * 0.8, limit * 1.1);
      expect(store.backlogBytes).to.be.greaterThan(limit);
      await store.committed(commit);
      await turn();
      expect(wakes).to.equal(1);
      expect(store.writable).to.equal(true);
    });

    it('does not stop who appends in spite of it', async () => {
      const { store } = current();
      let commit = 0;
      for (let i = 0; i < 300; i++) commit = publish(store, 't', 'x'.repeat(1_000));
      expect(store.writable).to.equal(false);
      await store.committed(commit);
      const queue = await store.openQueue(topicQueueName('t'));
      expect(queue.maxOffset).to.equal(300);
    });
  });
}
