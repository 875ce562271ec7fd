import { expect } from 'chai';
import { BlockCache } from '../../../../src/lmq/embedded/block-cache.ts';
import { ReadSlots } from '../../../../src/lmq/embedded/read-slots.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { payloads, put } from '../../../conformance/lmq-store/harness.ts';
import { EmbeddedWorld } from './embedded-world.ts';

describe('BlockCache', () => {
  it('keeps the blocks read last, within its bytes', () => {
    const cache = new BlockCache(1_000);
    for (let i = 0; i < 10; i++) cache.set(i, Buffer.alloc(300));
    expect(cache.bytes).to.equal(900);
    expect(cache.get(6)).to.equal(undefined);
    expect(cache.get(7)?.length).to.equal(300);
    cache.set(10, Buffer.alloc(300));
    expect(cache.get(7)?.length).to.equal(300);
    expect(cache.get(8)).to.equal(undefined);
    cache.set(7, Buffer.alloc(100));
    expect(cache.bytes).to.equal(700);
    cache.set(11, Buffer.alloc(1_001));
    expect(cache.get(11)).to.equal(undefined);
    expect(cache.bytes).to.equal(700);
  });
});

describe('ReadSlots', () => {
  it('runs so many at once, the others in the order of asking, also after failures', async () => {
    const slots = new ReadSlots(2);
    let running = 0;
    let most = 0;
    const order: number[] = [];
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) =>
        slots.run(async () => {
          order.push(i);
          most = Math.max(most, ++running);
          await new Promise((resolve) => setImmediate(resolve));
          running--;
          if (i % 3 === 0) throw new Error('test');
          return i;
        }),
      ),
    );
    expect(most).to.equal(2);
    expect(order).to.deep.equal(Array.from({ length: 20 }, (_, i) => i));
    expect(results[1]).to.deep.equal({ status: 'fulfilled', value: 1 });
    expect(results[3]?.status).to.equal('rejected');
    expect(await slots.run(() => Promise.resolve('again'))).to.equal('again');
  });
});

describe('limits of what stays in memory', () => {
  let world: EmbeddedWorld;

  afterEach(() => world.dispose());

  it('queues that were forgotten go on where they were, also under an old topic handle', async () => {
    world = new EmbeddedWorld({ maxIdleQueues: 2, maxIdleTopics: 2 });
    const store = await world.start();
    const handle = store.topic('t/0');
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 10; i++) await put(store, `t/${String(i)}`, String(round));
    }
    expect(store.topic('t/0')).to.equal(handle);
    for (let i = 0; i < 10; i++) {
      const name = topicQueueName(`t/${String(i)}`);
      expect(await payloads(store, name)).to.deep.equal(['0', '1', '2', '3']);
    }
  });

  it('records beyond the tail come from disk, and both agree', async () => {
    world = new EmbeddedWorld({ tailBytes: 2_000, blockBytes: 256, cacheBytes: 1_000 });
    const store = await world.start();
    const expected = Array.from({ length: 200 }, (_, i) => `${String(i)} ${'.'.repeat(i % 90)}`);
    for (let i = 0; i < expected.length; i += 4) await put(store, 't', ...expected.slice(i, i + 4));
    expect(await payloads(store, topicQueueName('t'))).to.deep.equal(expected);
    const queue = await store.openQueue(topicQueueName('t'));
    expect(store.tail(queue, 0)).to.equal(undefined);
    expect(store.tail(queue, 199)?.firstOffset).to.be.at.most(199);
    const { tailHits, tailMisses, tailBytes } = store.stats;
    expect(tailHits).to.be.greaterThan(0);
    expect(tailMisses).to.be.greaterThan(0);
    expect(tailBytes).to.be.at.most(2_000);
  });

  it('many readers that are behind all get their records', async () => {
    world = new EmbeddedWorld({ tailBytes: 0, blockBytes: 512, cacheBytes: 4_000 });
    const store = await world.start();
    const topics = Array.from({ length: 30 }, (_, i) => `t/${String(i)}`);
    for (let round = 0; round < 20; round++) {
      for (const topic of topics) await put(store, topic, `${topic} ${String(round)}`);
    }
    const read = await Promise.all(topics.map((topic) => payloads(store, topicQueueName(topic))));
    for (const [i, topic] of topics.entries()) {
      expect(read[i]).to.deep.equal(Array.from({ length: 20 }, (_, n) => `${topic} ${String(n)}`));
    }
  });

  it('handles of another store are refused', async () => {
    world = new EmbeddedWorld();
    const store = await world.start();
    const queue = { ...(await store.openQueue(topicQueueName('t'))) };
    expect(() => store.tail(queue, 0)).to.throw(TypeError);
    const opened = await store.openQueue(topicQueueName('t'));
    store.closeQueue(opened);
    store.closeQueue(opened);
    expect(() => {
      store.closeQueue(opened);
    }).to.throw(RangeError);
  });
});
