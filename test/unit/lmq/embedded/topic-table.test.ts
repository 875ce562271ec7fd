import { expect } from 'chai';
import { EmbeddedWorld } from './embedded-world.ts';

describe('TopicTable', () => {
  it('keeps one handle per name while anyone holds it, however many names come', async () => {
    const world = new EmbeddedWorld({ maxIdleTopics: 10 });
    const store = await world.start();
    try {
      const held = store.topic('held');
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 1_000; i++) store.topic(`${String(round)}/${String(i)}`);
        expect(store.topic('held')).to.equal(held);
      }
    } finally {
      await world.dispose();
    }
  });
});
