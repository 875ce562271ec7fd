import { createMemoryStore } from '../../src/lmq/memory/memory-store.ts';
import { publish } from './lmq-store/harness.ts';
import { lmqStoreSuite } from './lmq-store.suite.ts';

const MAX_LOG_BYTES = 8 << 20;

lmqStoreSuite(
  'memory',
  async (options = {}) => {
    let isFailing = false;
    const store = createMemoryStore({
      ...options,
      maxLogBytes: MAX_LOG_BYTES,
      fault: () => (isFailing ? new Error('test') : undefined),
    });
    await store.start();
    return {
      store,
      now: () => Date.now(),
      failCommits: () => {
        isFailing = true;
      },
      expireAll: async () => {
        // each of the two pushes everything before it out
        for (let i = 0; i < 2; i++) {
          await store.committed(publish(store, 'filler', Buffer.alloc(MAX_LOG_BYTES - 1_000)));
        }
      },
      dispose: () => store.stop(),
    };
  },
  { persists: false },
);
