import { expect } from 'chai';
import { partKey } from '../../../../src/gateway/share/share-user.ts';
import { ClaimKind, claimKey } from '../../../../src/lmq/spi/cluster.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { DISCONNECT, type QoS, subscribe, unsubscribe } from '../../../helpers/packets.ts';
import { Random } from '../../../helpers/random.ts';
import { turns } from '../fake-socket.ts';
import type { FakeClient, World } from '../gateway-world.ts';
import { ClusterWorld } from './cluster-world.ts';
import { drainAll, numbers, publishAll, runRandomGroup, sorted } from './group-traffic.ts';
import type { StoreNode } from './shared-store.ts';
import { twoGateways } from './two-gateways.ts';

const GROUP = '$share/g/t';

describe('gateway: cluster: shared groups', () => {
  let cluster: ClusterWorld;
  let a: World;
  let b: World;

  beforeEach(async () => {
    [cluster, a, b] = await twoGateways(new ClusterWorld());
  });

  function member(world: World, clientId: string, qos = 1, clean = true): Promise<FakeClient> {
    return world.subscribed({ clientId, clean }, [GROUP, qos]);
  }

  const send = (world: World, qos: QoS, payloads: readonly string[]) =>
    publishAll(world, qos, 't', payloads);
  const drain = (...clients: readonly FakeClient[]) => drainAll(cluster.clock, ...clients);

  /** As a store elsewhere does. */
  function answerLate(): void {
    for (const node of cluster.shared.nodes) node.turnsOfReads = 3;
  }

  async function shareKeys(): Promise<string[]> {
    const keys: string[] = [];
    for (const space of [StateSpace.SHARE, StateSpace.SHARE_MEMBER]) {
      for await (const { key } of cluster.shared.base.scanState(space)) keys.push(key);
    }
    return keys;
  }

  for (const qos of [0, 1, 2] as const) {
    it(`each message of QoS ${String(qos)} goes to one member of all gateways`, async () => {
      const clients = [await member(a, 'a1', qos), await member(b, 'b1', qos)];
      for (let i = 0; i < 10; i++) await send(i % 2 === 0 ? a : b, qos, [String(i)]);
      const received = await drain(...clients);
      expect(sorted(received.flat())).to.deep.equal(numbers(0, 9));
      expect(
        received.every((one) => one.length > 0),
        'both get some',
      ).to.equal(true);
    });
  }

  it('a member that leaves: the others of other gateways get what it has not acknowledged', async () => {
    const one = await member(a, 'a1');
    await send(a, 1, numbers(1, 5));
    expect((await one.publishes()).length).to.equal(5);
    const other = await member(b, 'b1');
    await one.lose();
    const [received] = await drain(other);
    expect(sorted(received!)).to.deep.equal(numbers(1, 5));
  });

  it('a gateway that dies: its members, stored or not, lose their messages to others', async () => {
    const volatile = await member(a, 'a1');
    const stored = await member(a, 'a2', 1, false);
    await send(a, 1, numbers(1, 10));
    expect((await volatile.publishes()).length + (await stored.publishes()).length).to.equal(10);
    // Saved with the next flush.
    cluster.clock.advance(1000);
    await turns();
    const other = await member(b, 'b1');
    await cluster.kill(a);
    const [received] = await drain(other);
    expect(sorted(received!)).to.deep.equal(numbers(1, 10));
  });

  it('a gateway that dies: one without members sees to what it leaves, and members of a third one get that', async () => {
    const stored = await member(a, 'a1', 1, false);
    await send(a, 1, numbers(1, 10));
    expect((await stored.publishes()).length).to.equal(10);
    // Saved with the next flush.
    cluster.clock.advance(1000);
    await turns();
    const third = await cluster.gateway();
    const other = await member(third, 'c1');
    answerLate();
    await cluster.kill(a);
    const [received] = await drain(other);
    expect(sorted(received!)).to.deep.equal(numbers(1, 10));
    expect(b.context.shares.size, 'no part of it in the one without members').to.equal(0);
  });

  it('a gateway that dies: one without members sees to what it leaves, and its stored client keeps it [MQTT-4.4.0-1]', async () => {
    const stored = await member(a, 'a1', 1, false);
    await send(a, 1, numbers(1, 10));
    expect((await stored.publishes()).length).to.equal(10);
    cluster.clock.advance(1000);
    await turns();
    await cluster.kill(a);
    await turns(20);
    expect(b.context.shares.size, 'no part of it here').to.equal(0);
    const back = await b.connected({ clientId: 'a1', clean: false });
    const again = await back.publishes();
    expect(again.map(({ payload }) => payload.toString())).to.deep.equal(numbers(1, 10));
    expect(again.every(({ dup }) => dup)).to.equal(true);
  });

  it('a gateway that dies: what a member had given back, and another one had got in its place, is not lost', async () => {
    const one = await member(a, 'a1', 1, false);
    await send(a, 1, numbers(1, 5));
    expect((await one.publishes()).length).to.equal(5);
    const two = await member(a, 'a2', 1, false);
    cluster.clock.advance(1000);
    await turns();
    await one.lose();
    expect((await two.publishes()).length).to.equal(5);
    await cluster.kill(a);
    const other = await member(b, 'b1');
    const [received] = await drain(other);
    expect(sorted(received!)).to.deep.equal(numbers(1, 5));
  });

  it('what is given back where no other member has room goes to members of other gateways', async () => {
    const one = await member(a, 'a1');
    const full = await a.connected({ clientId: 'a2' });
    await send(a, 1, numbers(1, 5));
    expect((await one.publishes()).length).to.equal(5);
    await full.exchange(subscribe(1, [GROUP, 1]));
    await send(a, 1, ['6']);
    // It goes, and the gateway keeps its part: what it has is not acknowledged.
    await full.exchange(unsubscribe(2, GROUP));
    const other = await member(b, 'b1');
    await one.lose();
    const [received] = await drain(other);
    expect(sorted(received!)).to.deep.equal(numbers(1, 5));
  });

  it('a group outlives its gateway: messages come while nobody is connected', async () => {
    const stored = await member(a, 'a1', 1, false);
    await stored.exchange(DISCONNECT);
    await send(b, 1, numbers(1, 3));
    expect(a.context.shares.size, 'no part of it here').to.equal(0);
    const back = await b.connected({ clientId: 'a1', clean: false });
    expect(back.sessionPresent).to.equal(true);
    const [received] = await drain(back);
    expect(sorted(received!)).to.deep.equal(numbers(1, 3));
  });

  it('ends with its last user, wherever that is', async () => {
    const one = await member(a, 'a1');
    const two = await member(b, 'b1', 1, false);
    await one.lose();
    await turns(20);
    expect(await shareKeys()).to.not.deep.equal([]);
    await two.exchange(unsubscribe(9, GROUP));
    await turns(20);
    expect(await shareKeys()).to.deep.equal([]);
    expect(a.context.shares.size + b.context.shares.size).to.equal(0);
    expect(cluster.shared.base.stats.openQueues).to.equal(1);
  });

  for (const where of ['same', 'other'] as const) {
    it(`a SUBSCRIBE that is overtaken by the client's own at the ${where} gateway takes nothing from that`, async () => {
      const to = where === 'same' ? a : b;
      const first = await a.connected({ clientId: 'me', clean: false });
      cluster.shared.nodes[0]!.turnsOfReads = 40;
      await first.exchange(subscribe(1, [GROUP, 1]));
      cluster.shared.nodes[0]!.turnsOfReads = 0;
      const second = await to.connected({ clientId: 'me', clean: false });
      second.socket.feed(subscribe(1, [GROUP, 1]));
      await turns(100);
      expect(second.take().map(({ type }) => type)).to.deep.equal(['suback']);
      await second.lose();
      await turns(20);
      await send(a, 1, numbers(1, 3));
      const back = await b.connected({ clientId: 'me', clean: false });
      const [received] = await drain(back);
      expect(received).to.deep.equal(numbers(1, 3));
    });
  }

  describe('a store that does not answer in time', () => {
    /** Of `a`, which is in the group and has not got its turn. */
    async function turnNotRead(one: FakeClient): Promise<void> {
      const [node] = cluster.shared.nodes;
      node!.isAway = true;
      await send(b, 1, ['1']);
      await turns(20);
      expect(await one.publishes()).to.deep.equal([]);
    }

    it('a turn that could not be begun is given to another gateway', async () => {
      const one = await member(a, 'a1');
      const two = await member(b, 'b1');
      await two.exchange(unsubscribe(9, GROUP));
      await turnNotRead(one);
      const again = await member(b, 'b2');
      const [received] = await drain(again);
      expect(received).to.deep.equal(['1']);
    });

    it('a turn that could not be begun is asked for again, without a message that comes', async () => {
      const one = await member(a, 'a1');
      const two = await member(b, 'b1');
      await two.exchange(unsubscribe(9, GROUP));
      await turnNotRead(one);
      cluster.shared.nodes[0]!.isAway = false;
      cluster.clock.advance(1_000);
      const [received] = await drain(one);
      expect(received).to.deep.equal(['1']);
    });

    for (const [what, fail] of [
      ['claim its part in', (node: StoreNode) => (node.unanswered = ClaimKind.MEMBERSHIP)],
      ['read', (node: StoreNode) => (node.isAway = true)],
    ] as const) {
      it(`a group whose state it could not ${what} is not kept from others`, async () => {
        const turn = claimKey(ClaimKind.GROUP, GROUP);
        const [node] = cluster.shared.nodes;
        const one = await a.connected({ clientId: 'a1' });
        fail(node!);
        one.socket.feed(subscribe(1, [GROUP, 1]));
        await turns(20);
        expect(cluster.shared.ownerOf(turn), 'given back').to.equal(undefined);
        expect(
          cluster.shared.ownerOf(claimKey(ClaimKind.MEMBERSHIP, partKey(GROUP, node!.nodeId))),
        ).to.equal(undefined);
        node!.unanswered = undefined;
        node!.isAway = false;
        const two = await member(a, 'a2');
        await send(b, 1, ['1']);
        expect((await drain(two))[0]).to.deep.equal(['1']);
      });
    }

    it('what a stored client holds is taken back once it does', async () => {
      const one = await member(a, 'a1', 1, false);
      await send(a, 1, numbers(1, 3));
      expect((await one.publishes()).length).to.equal(3);
      await one.exchange(DISCONNECT);
      await turns(20);
      const two = await b.connected({ clientId: 'b1' });
      const node = cluster.shared.nodes[1] as StoreNode;
      node.notRead = StateSpace.INFLIGHT;
      await two.exchange(subscribe(1, [GROUP, 1]));
      expect((await drain(two))[0]).to.deep.equal([]);
      node.notRead = undefined;
      cluster.clock.advance(1_000);
      expect(sorted((await drain(two))[0]!)).to.deep.equal(numbers(1, 3));
    });

    it('a group that could not be left is left later', async () => {
      const one = await member(a, 'a1');
      const two = await member(b, 'b1');
      await two.exchange(unsubscribe(9, GROUP));
      cluster.shared.nodes[0]!.isAway = true;
      await one.exchange(unsubscribe(9, GROUP));
      await turns(20);
      expect(a.context.shares.size, 'a part that nobody needs').to.equal(1);
      cluster.shared.nodes[0]!.isAway = false;
      cluster.clock.advance(1_000);
      await turns(20);
      expect(a.context.shares.size).to.equal(0);
      expect(await shareKeys()).to.deep.equal([]);
    });
  });

  it('members come and go at random: every message is acknowledged exactly once', async () => {
    for (let seed = 1; seed <= 25; seed++) {
      cluster = new ClusterWorld();
      await runRandomGroup({
        name: `seed ${String(seed)}`,
        random: new Random(seed),
        clock: cluster.clock,
        gateways: [await cluster.gateway(), await cluster.gateway(), await cluster.gateway()],
        filter: GROUP,
        topic: () => 't',
      });
    }
  }).timeout(60_000);
});
