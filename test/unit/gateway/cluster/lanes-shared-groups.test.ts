import { expect } from 'chai';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { DISCONNECT, unsubscribe } from '../../../helpers/packets.ts';
import { Random } from '../../../helpers/random.ts';
import { turns } from '../fake-socket.ts';
import type { FakeClient, World } from '../gateway-world.ts';
import { drainAll, publishAll, runRandomGroup } from './group-traffic.ts';
import { LanesWorld } from './lanes-world.ts';
import { twoGateways } from './two-gateways.ts';

const GROUP = '$share/g/t/+';

describe('gateway: several stores: shared groups', () => {
  let stores: LanesWorld;
  let a: World;
  let b: World;

  beforeEach(async () => {
    [stores, a, b] = await twoGateways(new LanesWorld());
  });

  function member(world: World, clientId: string, qos = 1, clean = true): Promise<FakeClient> {
    return world.subscribed({ clientId, clean }, [GROUP, qos]);
  }

  const drain = (...clients: readonly FakeClient[]) => drainAll(stores.clock, ...clients);

  async function shareKeys(): Promise<string[]> {
    const keys: string[] = [];
    for (const { base } of stores.stores) {
      for (const space of [StateSpace.SHARE, StateSpace.SHARE_MEMBER]) {
        for await (const { key } of base.scanState(space)) keys.push(key);
      }
    }
    return keys;
  }

  for (const qos of [0, 1] as const) {
    it(`each message of QoS ${String(qos)} goes to one member, whatever store it is in`, async () => {
      const clients = [await member(a, 'a1', qos), await member(b, 'b1', qos)];
      for (let i = 0; i < 8; i++) {
        await publishAll(i % 2 === 0 ? a : b, qos, stores.topicIn(i % 4 < 2 ? 0 : 1), [String(i)]);
      }
      const received = await drain(...clients);
      expect(received.flat().sort()).to.deep.equal(['0', '1', '2', '3', '4', '5', '6', '7']);
    });
  }

  it('has a group in each store, and none when the last user has gone', async () => {
    const one = await member(a, 'a1', 1, false);
    expect(a.stats.sharedSubscriptionsCurrent).to.equal(1);
    expect(a.context.shares.find(GROUP, 0)?.queue.lane).to.equal(0);
    expect(a.context.shares.find(GROUP, 1)?.queue.lane).to.equal(1);
    await one.exchange(unsubscribe(9, GROUP));
    await turns(20);
    expect(await shareKeys()).to.deep.equal([]);
    expect(a.context.shares.size).to.equal(0);
    expect(a.stats.sharedSubscriptionsCurrent).to.equal(0);
    for (const { base } of stores.stores) expect(base.listFilters()).to.deep.equal([]);
  });

  it('a member that leaves: others get what it has not acknowledged, out of all stores', async () => {
    const one = await member(a, 'a1');
    await publishAll(a, 1, stores.topicIn(0), ['1', '2']);
    await publishAll(a, 1, stores.topicIn(1), ['3', '4']);
    expect((await one.publishes()).length).to.equal(4);
    const other = await member(b, 'b1');
    await one.lose();
    const [received] = await drain(other);
    expect(received?.sort()).to.deep.equal(['1', '2', '3', '4']);
  });

  it('a stored member takes messages along that others fetch back out of each store', async () => {
    const one = await member(a, 'a1', 1, false);
    await publishAll(a, 1, stores.topicIn(0), ['1']);
    await publishAll(a, 1, stores.topicIn(1), ['2']);
    expect((await one.publishes()).length).to.equal(2);
    await one.exchange(DISCONNECT);
    const other = await member(b, 'b1');
    const [received] = await drain(other);
    expect(received?.sort()).to.deep.equal(['1', '2']);
  });

  for (const [name, clean, home] of [
    ['members', true, 0],
    ['stored members at home in the first store', false, 0],
    ['stored members at home in the second store', false, 1],
  ] as const) {
    it(`a gateway that dies: what its ${name} had goes to others`, async () => {
      await deathOf(stores.clientIn(home), clean);
    });
  }

  async function deathOf(clientId: string, clean: boolean): Promise<void> {
    const one = await member(a, clientId, 1, clean);
    await publishAll(a, 1, stores.topicIn(0), ['1']);
    await publishAll(a, 1, stores.topicIn(1), ['2']);
    expect((await one.publishes()).length).to.equal(2);
    stores.clock.advance(1000);
    await turns();
    const other = await member(b, 'b1');
    await stores.kill(a);
    const [received] = await drain(other);
    expect(received?.sort()).to.deep.equal(['1', '2']);
  }

  it('a store is added: members that are there get what goes to it', async () => {
    const clients = [await member(a, 'a1'), await member(b, 'b1', 1, false)];
    const lane = await stores.grow();
    const topic = stores.topicIn(lane);
    for (let i = 0; i < 6; i++) await publishAll(i % 2 === 0 ? a : b, 1, topic, [String(i)]);
    const received = await drain(...clients);
    expect(received.flat().sort()).to.deep.equal(['0', '1', '2', '3', '4', '5']);
  });

  it('a topic moves: a member gets what the older store had first [MQTT-4.6.0-5] [MQTT-4.6.0-6]', async () => {
    const one = await member(a, stores.clientIn(1));
    const lane = await stores.prepare();
    const topic = stores.topicThatMoves(0, lane);
    // The older store's messages wait.
    stores.node(a, 0).node.silent?.(true);
    await publishAll(b, 1, topic, ['1', '2']);
    await stores.activate();
    await publishAll(b, 1, topic, ['3']);
    expect(await drain(one)).to.deep.equal([[]]);
    stores.node(a, 0).node.silent?.(false);
    expect(await drain(one)).to.deep.equal([['1', '2', '3']]);
  });

  it('a topic moves: nothing of the newer store is handed out while a gateway sends to the older one', async () => {
    const one = await member(a, 'a1');
    const lane = await stores.prepare();
    const topic = stores.topicThatMoves(0, lane);
    stores.node(a, 0).leastGeneration = 1;
    await stores.activate();
    await publishAll(b, 1, topic, ['moved']);
    expect(await drain(one)).to.deep.equal([[]]);
    stores.node(a, 0).leastGeneration = 2;
    stores.clock.advance(50);
    await turns(20);
    expect(await drain(one)).to.deep.equal([['moved']]);
  });

  it('a store is added while all members are away: they get what went to it', async () => {
    const stored = await member(a, 'a1', 1, false);
    await stored.exchange(DISCONNECT);
    const lane = await stores.grow();
    await publishAll(b, 1, stores.topicIn(lane), ['1', '2']);
    const back = await b.connected({ clientId: 'a1', clean: false });
    expect(back.sessionPresent).to.equal(true);
    const [received] = await drain(back);
    expect(received).to.deep.equal(['1', '2']);
    await back.exchange(unsubscribe(9, GROUP));
    await turns(20);
    expect(await shareKeys()).to.deep.equal([]);
  });

  it('a store is added while no gateway is there: members get what went to it', async () => {
    const stored = await member(a, 'a1', 1, false);
    await stored.exchange(DISCONNECT);
    await stores.kill(a);
    await stores.kill(b);
    const lane = await stores.grow();
    const c = await stores.gateway();
    await publishAll(c, 1, stores.topicIn(lane), ['1', '2']);
    const back = await c.connected({ clientId: 'a1', clean: false });
    const [received] = await drain(back);
    expect(received).to.deep.equal(['1', '2']);
  });

  it('members come and go at random while stores are added: each message is acknowledged once', async () => {
    for (let seed = 1; seed <= 15; seed++) {
      const random = new Random(seed);
      const world = new LanesWorld();
      stores = world;
      await runRandomGroup({
        name: `seed ${String(seed)}`,
        random,
        clock: world.clock,
        gateways: [await world.gateway(), await world.gateway(), await world.gateway()],
        filter: GROUP,
        topic: () => `t/${String(random.below(9))}`,
        beforeStep: async (step, sendOne) => {
          if (step !== 10 && step !== 20) return;
          const growing = world.grow();
          await turns(random.below(40));
          await sendOne();
          await growing;
        },
      });
    }
  }).timeout(60_000);
});
