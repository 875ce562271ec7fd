import { expect } from 'chai';
import { StoreError } from '../../../../src/common/errors.ts';
import type { QueueName } from '../../../../src/lmq/spi/types.ts';
import { failureOf } from '../../../helpers/failure-of.ts';
import { boundsOf, FakeStore, settle } from './fake-store.ts';

describe('offsets of consumers in a remote store', () => {
  let store: FakeStore;

  beforeEach(async () => {
    store = new FakeStore();
    await store.attach();
  });

  async function open() {
    const opening = store.node.openQueue('ta' as QueueName);
    await settle();
    store.link.answer('openQueue', { queue: boundsOf(7, 'ta', 9) });
    return opening;
  }

  it('are written in the order of the calls, with the number of the queue', async () => {
    const queue = await open();
    const commit = store.node.commitOffset('c', queue, 4);
    store.node.deleteOffset('d', queue);
    expect(store.node.openCommit).to.equal(commit);
    await settle();
    expect(store.link.batches.at(-1)?.writes).to.deep.equal([
      { beforeRecord: 0, commitOffset: { consumer: 'c', queue: 7, offset: 4 } },
      { beforeRecord: 0, deleteOffset: { consumer: 'd', queue: 7 } },
    ]);
  });

  it('are asked of the store behind what this node has written', async () => {
    const queue = await open();
    store.node.commitOffset('c', queue, 4);
    const loading = store.node.loadOffset('c', queue);
    await settle();
    const frame = store.link.sent.findIndex(({ requests }) =>
      requests.some(({ loadOffset }) => loadOffset !== undefined),
    );
    const written = store.link.sent.findIndex(({ batch }) => (batch?.writes.length ?? 0) > 0);
    expect(written).to.be.within(0, frame);
    store.link.answer('loadOffset', { offset: { offset: 4 } });
    expect(await loading).to.equal(4);
  });

  it('may be none; an answer of another kind is refused', async () => {
    const queue = await open();
    const none = store.node.loadOffset('c', queue);
    await settle();
    store.link.answer('loadOffset', { offset: {} });
    expect(await none).to.equal(undefined);
    const wrong = store.node.loadOffset('c', queue);
    await settle();
    store.link.answer('loadOffset', { done: {} });
    expect(await failureOf(wrong)).to.be.instanceOf(StoreError);
  });
});
