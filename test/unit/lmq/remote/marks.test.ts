import { expect } from 'chai';
import { FakeStore, settle, welcomeOf } from './fake-store.ts';

describe('marks of a store', () => {
  let store: FakeStore;

  beforeEach(async () => {
    store = new FakeStore();
    await store.attach();
  });

  const said = (): number[] => store.link.sent.flatMap(({ mark }) => mark ?? []);

  it('are said again when what comes with them has been handled', async () => {
    const queue = await store.open(3, 'tx');
    const seen: [number, number[]][] = [];
    store.node.onArrival(() => seen.push([queue.maxOffset, said()]));
    const arrival = { queue: 3, firstOffset: 0, count: 2, block: 0, positions: Buffer.alloc(0) };
    store.link.say({ arrivals: [arrival], mark: 7 });
    expect(seen).to.deep.equal([[2, []]]);
    expect(said()).to.deep.equal([7]);
    store.link.say({ arrivals: [] });
    await settle();
    expect(said()).to.deep.equal([7]);
  });

  it('are said from the one of the welcome on, and not to a store that gives none', async () => {
    expect(said()).to.deep.equal([]);
    store.link.end();
    store.clock.advance(1_000);
    store.link.say({ welcome: welcomeOf(), mark: 0 });
    await settle();
    expect(said()).to.deep.equal([0]);
  });
});
