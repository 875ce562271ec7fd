import { EmbeddedWorld } from '../unit/lmq/embedded/embedded-world.ts';
import { lmqStoreSuite } from './lmq-store.suite.ts';

for (const journalSmallCommits of [false, true]) {
  lmqStoreSuite(
    journalSmallCommits ? 'embedded, small commits in the journal' : 'embedded',
    async (options) => {
      const world = new EmbeddedWorld({ ...options, journalSmallCommits });
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
}
