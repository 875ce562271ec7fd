import { expect } from 'chai';
import { publish, subscribe } from '../../../helpers/packets.ts';
import { turns as pass } from '../fake-socket.ts';
import { type FakeClient, World } from '../gateway-world.ts';

const FILTERS = 3000;
const LEVELS = 12;

describe('gateway: sessions with very many cursors', () => {
  let world: World;
  let wide: FakeClient;
  let publisher: FakeClient;
  const deep = `t${'/a'.repeat(LEVELS)}`;

  function filter(i: number): string {
    const levels = Array.from({ length: LEVELS }, (_, level) => ((i >> level) & 1 ? '+' : 'a'));
    return `t/${levels.join('/')}`;
  }

  beforeEach(async () => {
    world = new World();
    wide = await world.connected({ clientId: 'wide' });
    const filters = Array.from({ length: FILTERS }, (_, i) => [filter(i), 1] as const);
    await wide.exchange(subscribe(1, ...filters));
    publisher = await world.connected({ clientId: 'publisher' });
    await pass(50);
    wide.take();
    const { store } = world;
    const tail = store.tail.bind(store);
    store.tail = (...place) => {
      world.clock.advance(0.1);
      return tail(...place);
    };
  });

  it('are served in several turns of the event loop, each cursor once', async () => {
    publisher.socket.feed(publish({ topic: deep, qos: 1, id: 1, payload: 'x' }));
    const inTurns: number[] = [];
    const ids = new Set<number>();
    for (let turn = 0; turn < 400; turn++) {
      await pass(1);
      const packets = wide.take();
      inTurns.push(packets.length);
      for (const packet of packets) if ('id' in packet) ids.add(packet.id);
    }
    expect(ids.size).to.equal(FILTERS);
    expect(inTurns.reduce((sum, count) => sum + count)).to.equal(FILTERS);
    expect(Math.max(...inTurns)).to.be.at.most(256);
  });

  it('do not hold up others', async () => {
    const other = await world.subscribed({ clientId: 'other' }, ['quiet', 1]);
    publisher.socket.feed(publish({ topic: deep, qos: 1, id: 1, payload: 'x' }));
    publisher.socket.feed(publish({ topic: 'quiet', qos: 1, id: 2, payload: 'y' }));
    await pass(8);
    expect(await other.publishes()).to.have.length(1);
    expect(wide.take().length).to.be.below(FILTERS);
  });

  it('end while they wait', async () => {
    publisher.socket.feed(publish({ topic: deep, qos: 1, id: 1, payload: 'x' }));
    await pass(4);
    wide.socket.destroy();
    await pass(400);
    await publisher.exchange(publish({ topic: 'quiet', qos: 1, id: 2 }));
    expect(world.stats.connectionsCurrent).to.equal(1);
  });
});
