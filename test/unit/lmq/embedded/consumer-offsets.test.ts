import { expect } from 'chai';
import { hasConsumerProgress } from '../../../../src/lmq/spi/consumer-progress.ts';
import type { ConsumerProgress } from '../../../../src/lmq/spi/consumer-progress.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { messageHead } from '../../../helpers/message-head.ts';
import { EmbeddedWorld } from './embedded-world.ts';

describe('embedded store: progress of a consumer', () => {
  const world = new EmbeddedWorld();

  beforeEach(async () => {
    await world.start();
  });

  afterEach(async () => {
    await world.dispose();
  });

  function progress(): ConsumerProgress {
    const { store } = world;
    if (!hasConsumerProgress(store)) throw new Error('it cannot tell');
    return store;
  }

  it('is told for each queue that it has a committed offset in, and for no other consumer', async () => {
    const { store } = world;
    for (const name of ['a/1', 'a/2', 'a/3']) {
      const queue = await store.openQueue(topicQueueName(name));
      const topic = store.topic(name);
      for (let count = 0; count < 3; count++) {
        store.append(topic, messageHead(), Buffer.from('x'), 0, 1);
      }
      if (name !== 'a/3') store.commitOffset('c', queue, name === 'a/1' ? 1 : 3);
      await store.committed(store.commitOffset('c2', queue, 2));
      store.closeQueue(queue);
    }
    const queues = await progress().consumerProgress('c', 10);
    expect(queues).to.deep.equal([
      { queue: 'ta/1', minOffset: 0, maxOffset: 3, consumerOffset: 1 },
      { queue: 'ta/2', minOffset: 0, maxOffset: 3, consumerOffset: 3 },
    ]);
    expect(await progress().consumerProgress('c', 1)).to.have.length(1);
    expect(await progress().consumerProgress('nobody', 10)).to.deep.equal([]);
  });
});
