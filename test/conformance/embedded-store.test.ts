import { EmbeddedWorld } from '../unit/lmq/embedded/embedded-world.ts';
import { lmqStoreSuite } from './lmq-store.suite.ts';

lmqStoreSuite(
  'embedded',
  async (options) => {
    const world = new EmbeddedWorld(options);
    const store = await world.start();
    return {
      store,
      now: () => world.clock.now(),
      reopen: () => world.reopen(),
      failCommits: () => {
        world.failWrites();
      },
      expireAll: () => world.expireAll(),
      dispose: () => world.dispose(),
    };
  },
  { persists: true },
);
