import { expect } from 'chai';
import { FakeStore, settle } from './fake-store.ts';

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
    expect(seen).to.deep.equal([[2, [0]]]);
    expect(said()).to.deep.equal([0, 7]);
    store.link.say({ arrivals: [] });
    await settle();
    expect(said()).to.deep.equal([0, 7]);
  });

  it('begin with 0 on each connection', async () => {
    store.link.say({ mark: 7 });
    await store.reattach();
    expect(said()).to.deep.equal([0]);
  });
});
