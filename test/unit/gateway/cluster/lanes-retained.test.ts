import { expect } from 'chai';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { publish } from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import type { World } from '../gateway-world.ts';
import { LanesWorld } from './lanes-world.ts';
import { twoGateways } from './two-gateways.ts';

describe('gateway: several stores: retained messages', () => {
  let stores: LanesWorld;
  let a: World;
  let b: World;

  beforeEach(async () => {
    [stores, a, b] = await twoGateways(new LanesWorld());
  });

  async function retain(world: World, topic: string, payload: string): Promise<void> {
    const publisher = await world.connected({ clientId: 'p' });
    await publisher.exchange(publish({ topic, payload, qos: 1, id: 1, retain: true }));
    await publisher.lose();
    await turns(10);
  }

  async function retainedAt(world: World, filter = 'r/#'): Promise<string[]> {
    const client = await world.subscribed({ clientId: 's' }, [filter, 1]);
    const received = await client.publishes();
    await client.lose();
    return received.map(({ payload }) => payload.toString()).sort();
  }

  /** How many stores have one of the topic. */
  async function copies(topic: string): Promise<number> {
    let count = 0;
    for (const { base } of stores.stores) {
      if ((await base.getState(StateSpace.RETAINED, topic)) !== undefined) count++;
    }
    return count;
  }

  it('are found in all stores, by each gateway, and by one that starts later', async () => {
    await retain(a, stores.topicIn(0, 'r/'), 'in 0');
    await retain(a, stores.topicIn(1, 'r/'), 'in 1');
    for (const world of [a, b, await stores.gateway()]) {
      expect(world.context.retained.size).to.equal(2);
      expect(await retainedAt(world)).to.deep.equal(['in 0', 'in 1']);
    }
  });

  it('of a topic that moves to a new store: there is one, the newest', async () => {
    const lane = await stores.prepare();
    const topic = stores.topicThatMoves(0, lane, 'r/');
    await retain(a, topic, 'before');
    await stores.activate();
    expect(await retainedAt(b)).to.deep.equal(['before']);
    await retain(b, topic, 'after');
    expect(await copies(topic)).to.equal(1);
    for (const world of [a, b, await stores.gateway()]) {
      expect(await retainedAt(world)).to.deep.equal(['after']);
    }
    await retain(a, topic, '');
    expect(await copies(topic)).to.equal(0);
    for (const world of [a, b]) expect(world.context.retained.size).to.equal(0);
  });

  it('of a topic that has moved: deleted where it was', async () => {
    const lane = await stores.prepare();
    const topic = stores.topicThatMoves(1, lane, 'r/');
    await retain(a, topic, 'before');
    await stores.activate();
    await retain(b, topic, '');
    expect(await copies(topic)).to.equal(0);
    for (const world of [a, b]) expect(await retainedAt(world)).to.deep.equal([]);
  });

  it('written by both at once: all agree', async () => {
    const topics = [stores.topicIn(0, 'r/'), stores.topicIn(1, 'r/')];
    const p = await a.connected({ clientId: 'pa' });
    const q = await b.connected({ clientId: 'pb' });
    for (let i = 0; i < 10; i++) {
      await Promise.all([
        p.exchange(
          ...topics.map((topic) => publish({ topic, payload: `a${String(i)}`, retain: true })),
        ),
        q.exchange(
          ...topics.map((topic) => publish({ topic, payload: `b${String(i)}`, retain: true })),
        ),
      ]);
      await turns(5);
      expect(await retainedAt(a)).to.deep.equal(await retainedAt(b));
    }
  });
});
