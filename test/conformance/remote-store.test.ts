import { setTimeout } from 'node:timers/promises';
import { createMemoryStore } from '../../src/lmq/memory/memory-store.ts';
import type { RemoteStore } from '../../src/lmq/remote/remote-store.ts';
import { eventually } from '../helpers/eventually.ts';
import { EmbeddedWorld } from '../unit/lmq/embedded/embedded-world.ts';
import { RemoteWorld } from '../unit/lmq/remote/remote-world.ts';
import { publish } from './lmq-store/harness.ts';
import { lmqStoreSuite } from './lmq-store.suite.ts';

/** Short, so that the figures of the store, which come with the heartbeats, are fresh. */
const LEASE_MS = 300;
const MAX_LOG_BYTES = 8 << 20;

lmqStoreSuite(
  'remote, on an embedded store',
  async (options) => {
    const embedded = new EmbeddedWorld();
    const world = new RemoteWorld(() => embedded.clock.now(), LEASE_MS);
    await world.serve(await embedded.start());
    let store = await world.attach(options);
    return {
      store,
      now: () => embedded.clock.now(),
      reopen: async () => {
        await store.stop();
        await world.server.stop();
        await world.serve(await embedded.reopen());
        store = await world.attach(options);
        return store;
      },
      failCommits: () => {
        embedded.failWrites();
      },
      expireAll: async () => {
        await store.committed(store.openCommit);
        await embedded.expireAll();
        await toldExpiry(store, embedded.store.stats.recordsExpired);
        // where queues begin may have been found after the figures of that heartbeat
        await freshFigures();
      },
      freshFigures,
      dispose: async () => {
        await world.dispose();
        await embedded.dispose();
      },
    };
  },
  { persists: true, isRemote: true },
);

lmqStoreSuite(
  'remote, on a store in memory',
  async (options) => {
    let isFailing = false;
    const memory = createMemoryStore({
      maxLogBytes: MAX_LOG_BYTES,
      fault: () => (isFailing ? new Error('test') : undefined),
    });
    const world = new RemoteWorld(() => Date.now(), LEASE_MS);
    await world.serve(memory);
    const store = await world.attach(options);
    return {
      store,
      now: () => Date.now(),
      failCommits: () => {
        isFailing = true;
      },
      expireAll: async () => {
        for (let i = 0; i < 2; i++) {
          await store.committed(publish(store, 'filler', Buffer.alloc(MAX_LOG_BYTES - 1_000)));
        }
        await toldExpiry(store, memory.stats.recordsExpired);
      },
      freshFigures,
      dispose: () => world.dispose(),
    };
  },
  { persists: false, isRemote: true },
);

/** Until the node knows that these records have gone. */
async function toldExpiry(store: RemoteStore, recordsExpired: number): Promise<void> {
  await eventually('the node to be told', () => store.stats.recordsExpired >= recordsExpired);
}

/** Two heartbeats: the first answer may have been under way. */
function freshFigures(): Promise<void> {
  return setTimeout(LEASE_MS);
}
