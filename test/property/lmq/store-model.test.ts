import fc from 'fast-check';
import { createMemoryStore } from '../../../src/lmq/memory/memory-store.ts';
import { publish, type StoreUnderTest } from '../../conformance/lmq-store/harness.ts';
import { EmbeddedWorld } from '../../unit/lmq/embedded/embedded-world.ts';
import type { EmbeddedStoreOptions } from '../../../src/lmq/embedded/store-options.ts';
import { StoreModel, steps } from './store-model.ts';

const MAX_LOG_BYTES = 1 << 20;

async function memory(): Promise<StoreUnderTest> {
  const store = createMemoryStore({ maxLogBytes: MAX_LOG_BYTES });
  await store.start();
  return {
    store,
    now: () => Date.now(),
    failCommits: () => undefined,
    expireAll: async () => {
      for (let i = 0; i < 2; i++) {
        // a topic that no filter of the model matches
        await store.committed(publish(store, '$filler', Buffer.alloc(MAX_LOG_BYTES - 1_000)));
      }
    },
    dispose: () => store.stop(),
  };
}

/** Limits so small that every record crosses some. */
async function embedded(options: Partial<EmbeddedStoreOptions> = {}): Promise<StoreUnderTest> {
  const world = new EmbeddedWorld({
    blockBytes: 300,
    tailBytes: 4_000,
    maxIdleQueues: 1,
    maxIdleTopics: 2,
    cacheBytes: 4_000,
    ...options,
  });
  await world.start();
  return {
    store: world.store,
    reopen: () => world.reopen(),
    now: () => world.clock.now(),
    failCommits: () => undefined,
    expireAll: () => world.expireAll(),
    dispose: () => world.dispose(),
  };
}

/** Index entries of nearly all commits are joined later: soon, and hardly ever. */
const joinedSoon = (): Promise<StoreUnderTest> =>
  embedded({ recentIndexQueues: 1, recentIndexBytes: 100 });
const joinedLate = (): Promise<StoreUnderTest> =>
  embedded({ recentIndexQueues: 2, recentIndexBytes: 10_000 });

const factories = { memory, embedded: () => embedded(), joinedSoon, joinedLate };
for (const [name, factory] of Object.entries(factories)) {
  describe(`LmqStore beside a naive model: ${name}`, function () {
    this.timeout(900_000);

    it('holds what the model holds after any steps', async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (list) => {
          const world = await factory();
          try {
            const model = new StoreModel(world);
            await model.start();
            for (const step of list) await model.run(step);
            await model.check();
            await model.run({ type: 'reopen' });
            await model.check();
          } finally {
            await world.dispose();
          }
        }),
        { numRuns: Number(process.env['LMQTT_PROPERTY_RUNS'] ?? 60) },
      );
    });
  });
}
