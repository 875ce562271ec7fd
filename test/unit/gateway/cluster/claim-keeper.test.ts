import { expect } from 'chai';
import { ClaimKind, claimKey } from '../../../../src/lmq/spi/cluster.ts';
import { partKey } from '../../../../src/gateway/share/share-user.ts';
import { turns } from '../fake-socket.ts';
import type { FakeClient, World } from '../gateway-world.ts';
import { ClusterWorld } from './cluster-world.ts';
import { drainAll, numbers, publishAll, sorted } from './group-traffic.ts';
import { LanesWorld } from './lanes-world.ts';
import type { StoreNode } from './shared-store.ts';
import { HeldCommits } from './held-commits.ts';
import { twoGateways } from './two-gateways.ts';

const GROUP = '$share/g/t';
const TURN = claimKey(ClaimKind.GROUP, GROUP);

describe('gateway: cluster: claims that come late', () => {
  let cluster: ClusterWorld;
  let a: World;
  let node: StoreNode;

  beforeEach(async () => {
    cluster = new ClusterWorld();
    a = await cluster.gateway();
    [node] = cluster.shared.nodes as [StoreNode];
  });

  /** As when the store has granted it after its request had timed out. */
  async function late(key: string): Promise<void> {
    await node.claim(key);
    await node.orphans?.([key]);
    await turns(20);
  }

  it('the turn of a group that is in use by then is kept', async () => {
    await a.subscribed({ clientId: 'a1' }, [GROUP, 1]);
    await late(TURN);
    expect(a.context.shares.find(GROUP)?.hasTurn).to.equal(true);
    expect(cluster.shared.ownerOf(TURN)).to.equal(node);
  });

  it('one of a group that is not here is given up', async () => {
    await late(TURN);
    expect(cluster.shared.ownerOf(TURN)).to.equal(undefined);
  });

  it('one that nobody here asks for any more is given up, though the group is here', async () => {
    await a.subscribed({ clientId: 'a1' }, [GROUP, 1]);
    a.context.shares.at(0).cluster?.giveUp(GROUP);
    await turns(20);
    expect(cluster.shared.ownerOf(TURN)).to.equal(undefined);
    await late(TURN);
    expect(cluster.shared.ownerOf(TURN)).to.equal(undefined);
  });

  it("this gateway's part in a group is kept while it is in the group, with what is handed out", async () => {
    const one = await a.subscribed({ clientId: 'a1' }, [GROUP, 1]);
    await publishAll(a, 1, 't', numbers(1, 3));
    const mine = claimKey(ClaimKind.MEMBERSHIP, partKey(GROUP, node.nodeId));
    await late(mine);
    expect(cluster.shared.ownerOf(mine)).to.equal(node);
    const other = await a.subscribed({ clientId: 'a2' }, [GROUP, 1]);
    const received = await drainAll(cluster.clock, one, other);
    expect(sorted(received.flat()), 'none twice').to.deep.equal(numbers(1, 3));
  });

  it('its part in a group that it has not come into is given up', async () => {
    const mine = claimKey(ClaimKind.MEMBERSHIP, partKey(GROUP, node.nodeId));
    await late(mine);
    expect(cluster.shared.ownerOf(mine)).to.equal(undefined);
    expect(a.context.shares.size).to.equal(0);
  });
});

describe('gateway: several stores: the claim of a will in another store, late', () => {
  const HOME = 1;
  const FAR = 0;

  it('is kept while the will is being sent, and given up then', async () => {
    const stores = new LanesWorld();
    const a = await stores.gateway();
    const b = await stores.gateway();
    const watcher = await b.subscribed({ clientId: 'w' }, ['w/#', 1]);
    const home = stores.node(a, HOME);
    const held = new HeldCommits(home);
    const clientId = stores.clientIn(HOME);
    const key = claimKey(ClaimKind.FAR_WILL, clientId);
    const topic = stores.topicIn(FAR, 'w/');
    const client = await a.connected({ clientId, will: { topic, payload: 'gone', qos: 1 } });
    held.isHeld = true;
    client.socket.destroy();
    await turns(20);
    const { node } = stores.node(a, FAR);
    expect(stores.stores[FAR]?.ownerOf(key), 'while its plan is written').to.equal(node);
    await node.orphans?.([key]);
    await turns(20);
    expect(stores.stores[FAR]?.ownerOf(key), 'in use').to.equal(node);
    held.isHeld = false;
    held.letGo();
    await turns(20);
    expect((await watcher.publishes()).map(({ payload }) => payload.toString())).to.deep.equal([
      'gone',
    ]);
    expect(stores.stores[FAR]?.ownerOf(key), 'at the end').to.equal(undefined);
    await node.claim(key);
    await node.orphans?.([key]);
    await turns(20);
    expect(stores.stores[FAR]?.ownerOf(key), 'nobody asks for it').to.equal(undefined);
  });
});

describe('gateway: cluster: what a dead gateway leaves, while the store does not answer', () => {
  let cluster: ClusterWorld;
  let a: World;
  let b: World;

  beforeEach(async () => {
    [cluster, a, b] = await twoGateways(new ClusterWorld());
  });

  async function killUnanswered(): Promise<void> {
    const node = cluster.shared.nodes[1] as StoreNode;
    node.isAway = true;
    await cluster.kill(a);
    cluster.clock.advance(1_000);
    await turns(20);
    node.isAway = false;
    cluster.clock.advance(1_000);
    await turns(20);
  }

  it('what its members had goes to others once it does', async () => {
    const member = (world: World, clientId: string): Promise<FakeClient> =>
      world.subscribed({ clientId }, [GROUP, 1]);
    const one = await member(a, 'a1');
    await publishAll(a, 1, 't', numbers(1, 5));
    expect((await one.publishes()).length).to.equal(5);
    const other = await member(b, 'b1');
    await killUnanswered();
    const [received] = await drainAll(cluster.clock, other);
    expect(sorted(received!)).to.deep.equal(numbers(1, 5));
  });

  it('the will of its client is sent once it does', async () => {
    const watcher = await b.subscribed({ clientId: 'w' }, ['gone', 1]);
    await a.connected({ clientId: 'c', will: { topic: 'gone', payload: 'x', qos: 1 } });
    await killUnanswered();
    expect((await watcher.publishes()).map(({ payload }) => payload.toString())).to.deep.equal([
      'x',
    ]);
    expect(cluster.shared.ownerOf(claimKey(ClaimKind.SESSION, 'c'))).to.equal(undefined);
  });

  it('is seen to by a third one if the one that tried dies, too', async () => {
    const third = await cluster.gateway();
    const watcher = await third.subscribed({ clientId: 'w' }, ['gone', 1]);
    await a.connected({ clientId: 'c', will: { topic: 'gone', payload: 'x', qos: 1 } });
    (cluster.shared.nodes[1] as StoreNode).isAway = true;
    await cluster.kill(a);
    await turns(20);
    await cluster.kill(b);
    await turns(20);
    expect((await watcher.publishes()).map(({ payload }) => payload.toString())).to.deep.equal([
      'x',
    ]);
    expect(cluster.shared.ownerOf(claimKey(ClaimKind.SESSION, 'c'))).to.equal(undefined);
  });

  it('is no obstacle for its client, wherever it comes back meanwhile', async () => {
    for (const [clientId, to] of [
      ['c1', a],
      ['c2', b],
    ] as const) {
      const gone = await cluster.gateway();
      await gone.subscribed({ clientId, clean: false }, ['t', 1]);
      const node = cluster.shared.nodes[0] as StoreNode;
      node.isAway = true;
      await cluster.kill(gone);
      await turns(20);
      expect(cluster.shared.ownerOf(claimKey(ClaimKind.SESSION, clientId)), 'kept').to.equal(node);
      if (to === a) node.isAway = false;
      const back = await to.connected({ clientId, clean: false });
      expect(back.sessionPresent).to.equal(true);
      node.isAway = false;
      cluster.clock.advance(1_000);
      await turns(20);
      await publishAll(a, 1, 't', ['1']);
      expect((await back.publishes()).length, 'connected as ever').to.equal(1);
      await back.lose();
      await turns(20);
      expect(cluster.shared.ownerOf(claimKey(ClaimKind.SESSION, clientId))).to.equal(undefined);
    }
  });
});
