import { expect } from 'chai';
import { ErrorCode, type StoreError } from '../../../../src/common/errors.ts';
import { PullStatus, type QueueName } from '../../../../src/lmq/spi/types.ts';
import { rejection } from '../../../conformance/lmq-store/harness.ts';
import { boundsOf, FakeStore, settle } from './fake-store.ts';
import { none, block } from './record-block.ts';

describe('queues of a remote store', () => {
  let store: FakeStore;
  beforeEach(async () => {
    store = new FakeStore({ requestTimeoutMs: 10_000 });
    await store.attach();
  });

  const closes = (): (number | undefined)[] =>
    store.link.requests.flatMap(({ closeQueue }) => closeQueue ?? []);

  it('are closed at the store after their last use here', async () => {
    const first = await store.open(1, 'ta');
    const second = await store.open(1, 'ta', 3);
    expect(second).to.equal(first);
    expect(first.nextOffset).to.equal(3);
    store.node.closeQueue(first);
    await settle();
    expect(closes()).to.deep.equal([]);
    store.node.closeQueue(second);
    await settle();
    expect(closes()).to.deep.equal([1]);
    expect(() => {
      store.node.closeQueue(second);
    }).to.throw(RangeError);
  });

  it('that batches under way may name are said in the next hello, and closed again', async () => {
    const queue = await store.open(1, 'ta');
    store.node.commitOffset('c', queue, 1);
    store.node.closeQueue(queue);
    await settle();
    expect(closes()).to.deep.equal([1]);
    await store.reattach({ queues: [boundsOf(1, 'ta')] });
    expect(store.link.sent[0]?.hello?.queues).to.deep.equal([{ name: 'ta', uses: 1 }]);
    expect(store.link.batches.length).to.equal(1);
    expect(closes()).to.deep.equal([1]);
    store.link.say({ settled: { sequence: 1 } });
    await store.reattach({ lastSequence: 1 });
    expect(store.link.sent[0]?.hello?.queues).to.deep.equal([]);
  });

  it('whose open is answered too late are closed', async () => {
    const opening = rejection(store.node.openQueue('ta' as QueueName));
    await settle();
    const id = store.link.requests.at(-1)?.id ?? 0;
    for (let i = 0; i < 8; i++) {
      store.clock.advance(1_500);
      store.link.say({});
    }
    expect(((await opening) as StoreError).code).to.equal(ErrorCode.STORE_UNAVAILABLE);
    store.link.say({ replies: [{ id, queue: boundsOf(1, 'ta') }] });
    await settle();
    expect(closes()).to.deep.equal([1]);
    expect(store.node.stats.openQueues).to.equal(0);
  });

  it('are known from the answer on, before anything that comes behind it', async () => {
    const grown: number[] = [];
    store.node.onArrival((arrivals) => grown.push(...arrivals.map(({ count }) => count)));
    const opening = store.node.openQueue('ta' as QueueName);
    await settle();
    store.link.answer('openQueue', { queue: boundsOf(1, 'ta') });
    store.link.say({
      arrivals: [{ queue: 1, firstOffset: 0, count: 2, block: 0, positions: none }],
    });
    expect(grown).to.deep.equal([2]);
    expect((await opening).maxOffset).to.equal(2);
  });

  it('are pulled without waiting for batches, and refuse an answer that is none', async () => {
    const { node, link } = store;
    const queue = await store.open(1, 'ta', 5);
    link.hasRoom = true;
    const pulled = node.pull(queue, 2, 10, 100);
    await settle();
    const { bytes } = block('x', 'y');
    link.answer('pull', {
      pull: {
        status: PullStatus.FOUND,
        nextOffset: 4,
        minOffset: 1,
        runs: [{ firstOffset: 2, count: 2, records: bytes }],
      },
    });
    const { segments, nextOffset } = await pulled;
    expect([segments.length, segments[0]?.count, nextOffset, queue.minOffset]).to.deep.equal([
      1, 2, 4, 1,
    ]);
    const wrong = rejection(node.pull(queue, 2, 10, 100));
    await settle();
    link.answer('pull', { done: {} });
    expect(((await wrong) as StoreError).code).to.equal(ErrorCode.STORE_UNAVAILABLE);
  });
});
