import { expect } from 'chai';
import { EventBatch } from '../../../../src/gateway/events/event-batch.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { onlyStore } from '../../../../src/lmq/spi/stores.ts';
import { World, type WorldOptions } from '../gateway-world.ts';
import { messageHead } from '../../../helpers/message-head.ts';

const TOPIC = '$events/client_connected';

function batchOf(options: WorldOptions = {}) {
  const world = new World(options);
  const { context, store, stats, clock } = world;
  const batch = new EventBatch({
    stores: onlyStore(store),
    publisher: context.publisher,
    stats,
    clock,
  });
  const entry = context.topics.serverEntry(TOPIC);
  const stored = (): number => store.stats.recordsAppended;
  return { world, batch, entry, stored };
}

describe('gateway: EventBatch', () => {
  it('writes together what comes within 20 ms, in its order', async () => {
    const { world, batch, entry, stored } = batchOf();
    const { store, clock } = world;
    for (let i = 0; i < 5; i++) {
      batch.add(entry, String(i));
      clock.advance(4);
    }
    expect(store.openCommit).to.equal(1);
    await store.committed(store.openCommit).catch(() => undefined);
    expect(stored()).to.equal(5);
    expect(store.stats.commits).to.equal(1);
    expect(world.stats.clientEvents).to.equal(5);
    const queue = await store.openQueue(topicQueueName(TOPIC));
    expect(queue.maxOffset).to.equal(5);
  });

  it('holds no more than 256 back', () => {
    const { batch, entry, world } = batchOf();
    for (let i = 0; i < 255; i++) batch.add(entry, 'x');
    expect(world.stats.clientEvents).to.equal(0);
    batch.add(entry, 'x');
    expect(world.stats.clientEvents).to.equal(256);
    expect(world.clock.pendingTimers).to.equal(new World().clock.pendingTimers);
  });

  it('writes what waits when it is flushed, and nothing twice', () => {
    const { batch, entry, world } = batchOf();
    batch.add(entry, 'x');
    batch.flush();
    batch.flush();
    world.clock.advance(100);
    expect(world.stats.clientEvents).to.equal(1);
  });

  it('leaves events out while the store is behind, and counts them', async () => {
    const store = createMemoryStore({ maxBacklogBytes: 100 });
    const { batch, entry, world, stored } = batchOf({ store });
    const topic = store.topic('other');
    store.append(topic, messageHead(), Buffer.alloc(200), 0, 200);
    expect(store.writable).to.equal(false);
    for (let i = 0; i < 1000; i++) batch.add(entry, 'x'.repeat(500));
    batch.flush();
    expect(store.backlogBytes).to.be.below(1000);
    expect(world.stats).to.include({ clientEvents: 0, clientEventsDropped: 1000 });
    await store.committed(store.openCommit);
    batch.add(entry, 'x');
    batch.flush();
    await store.committed(store.openCommit);
    expect(stored()).to.equal(2);
  });
});
