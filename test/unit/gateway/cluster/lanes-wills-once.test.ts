import { expect } from 'chai';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { turns } from '../fake-socket.ts';
import type { FakeClient, World } from '../gateway-world.ts';
import { LanesWorld } from './lanes-world.ts';
import type { SharedStore } from './shared-store.ts';
import { HeldCommits } from './held-commits.ts';
import { twoGateways } from './two-gateways.ts';

const HOME = 1;
const FAR = 0;
/** More than publishing takes from its beginning to its end. */
const STEPS = 40;

/** Lets promises go on so many times. */
async function steps(count: number): Promise<void> {
  for (let step = 0; step < count; step++) await Promise.resolve();
}

describe('gateway: a will in another store than its client is sent once, whenever its gateway dies', () => {
  let stores: LanesWorld;
  let a: World;
  let b: World;
  let watcher: FakeClient;

  beforeEach(async () => {
    [stores, a, b] = await twoGateways(new LanesWorld());
    watcher = await b.subscribed({ clientId: stores.clientIn(FAR, 'watcher') }, ['w/#', 1]);
  });

  async function got(): Promise<string[]> {
    await turns(20);
    return (await watcher.publishes()).map(({ payload }) => payload.toString());
  }

  /** Wills, plans and marks in all stores. */
  async function left(): Promise<string[]> {
    const keys: string[] = [];
    for (const { base } of stores.stores) {
      for (const space of [StateSpace.WILL, StateSpace.INFLIGHT]) {
        for await (const { key } of base.scanState(space)) keys.push(key);
      }
    }
    return keys.filter((key) => !key.startsWith('watcher'));
  }

  async function lost(): Promise<string> {
    const clientId = stores.clientIn(HOME);
    const topic = stores.topicIn(FAR, 'w/');
    const client = await a.connected({ clientId, will: { topic, payload: 'gone', qos: 1 } });
    client.socket.destroy();
    return clientId;
  }

  function killAt(world: World, lane: number): Promise<void> {
    const { node } = stores.node(world, lane);
    return (stores.stores[lane] as SharedStore).kill(node);
  }

  it('dead in both stores', async () => {
    for (let at = 0; at < STEPS; at++) {
      await lost();
      await steps(at);
      await stores.kill(a);
      expect(await got(), `after ${String(at)} steps`).to.deep.equal(['gone']);
      a = await stores.gateway();
    }
  });

  it('dead at the home alone, while what it sends to the other store is taken still', async () => {
    for (let at = 0; at < STEPS; at++) {
      await lost();
      await steps(at);
      await killAt(a, HOME);
      expect(await got(), `after ${String(at)} steps`).to.deep.equal(['gone']);
      await stores.kill(a);
      expect(await got(), `later, after ${String(at)} steps`).to.deep.equal([]);
      a = await stores.gateway();
    }
  });

  it('dead between two turns, its client back at another gateway', async () => {
    for (let at = 0; at < 8; at++) {
      const clientId = await lost();
      await turns(at);
      await stores.kill(a);
      const back = await b.connected({ clientId });
      expect(await got(), `after ${String(at)} turns`).to.deep.equal(['gone']);
      await back.lose();
      a = await stores.gateway();
    }
  });

  it('leaves nothing behind', async () => {
    await lost();
    expect(await got()).to.deep.equal(['gone']);
    expect(await left()).to.deep.equal([]);
  });

  it('is not taken for one of the same client that came before it', async () => {
    for (let round = 0; round < 3; round++) {
      await lost();
      expect(await got()).to.deep.equal(['gone']);
    }
  });

  it('dead at the home, which it learns after another gateway has taken the will over', async () => {
    const home = stores.node(a, HOME);
    const held = new HeldCommits(home);
    const clientId = stores.clientIn(HOME);
    const topic = stores.topicIn(FAR, 'w/');
    const client = await a.connected({ clientId, will: { topic, payload: 'gone', qos: 1 } });
    held.isHeld = true;
    client.socket.destroy();
    await turns(20);
    expect(held.waiting.length, 'its plan is durable').to.be.greaterThan(0);
    await killAt(a, HOME);
    expect(await got(), 'from the other one').to.deep.equal(['gone']);
    held.letGo();
    expect(await got(), 'not again').to.deep.equal([]);
  });

  it('stores that cannot tell what was written are waited for, not guessed', async () => {
    const far = stores.node(a, FAR);
    const member: LmqStore = stores.routed(a).member(FAR);
    const { committed } = member;
    let isDurable: () => void = () => undefined;
    // The message is written and not known to be durable when its gateway dies.
    far.committed = async (commit) => {
      await new Promise<void>((resolve) => {
        isDurable = resolve;
      });
      return committed.call(far, commit);
    };
    await lost();
    expect(await got()).to.deep.equal(['gone']);
    await stores.kill(a);
    isDurable();
    expect(await got()).to.deep.equal([]);
    expect((await left()).filter((key) => !key.endsWith('will'))).to.deep.equal([]);
  });
});
