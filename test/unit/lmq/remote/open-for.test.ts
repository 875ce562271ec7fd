import { expect } from 'chai';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { openFor } from '../../../../src/lmq/spi/open-for.ts';
import type { QueueName } from '../../../../src/lmq/spi/types.ts';
import { rejection } from '../../../conformance/lmq-store/harness.ts';
import { FakeStore, settle } from './fake-store.ts';

const NAME = 'ta' as QueueName;
const BOUNDS = { id: 7, name: 'ta', minOffset: 0, maxOffset: 9, nextOffset: 9 };

describe('a queue that a remote store opens for a consumer', () => {
  let store: FakeStore;
  beforeEach(async () => {
    store = new FakeStore({ requestTimeoutMs: 10_000 });
    await store.attach();
  });

  it('comes with its offset in one answer', async () => {
    const opening = openFor(store.node, 'c', NAME);
    await settle();
    expect(store.link.requests.at(-1)).to.include({ openQueue: 'ta', consumer: 'c' });
    store.link.answer('openQueue', { queue: BOUNDS, consumerOffset: { offset: 4 } });
    const { queue, offset } = await opening;
    expect(queue.maxOffset).to.equal(9);
    expect(offset).to.equal(4);
    expect(store.link.requests.some(({ loadOffset }) => loadOffset !== undefined)).to.equal(false);
  });

  it('has none when the consumer has none', async () => {
    const opening = openFor(store.node, 'c', NAME);
    await settle();
    store.link.answer('openQueue', { queue: BOUNDS, consumerOffset: {} });
    expect((await opening).offset).to.equal(undefined);
  });

  it('is asked for its offset where the store is older, and closed when that fails', async () => {
    for (const fails of [false, true]) {
      const opening = openFor(store.node, 'c', NAME);
      await settle();
      store.link.answer('openQueue', { queue: BOUNDS });
      await settle();
      const error = { code: ErrorCode.STORE_UNAVAILABLE, message: 'not now' };
      store.link.answer('loadOffset', fails ? { error } : { offset: { offset: 5 } });
      if (fails)
        expect(await rejection(opening))
          .to.be.instanceOf(StoreError)
          .and.to.include(error);
      else store.node.closeQueue((await opening).queue);
      expect(store.node.stats.openQueues).to.equal(0);
    }
  });
});
