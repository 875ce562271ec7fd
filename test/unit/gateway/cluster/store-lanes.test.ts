import { expect } from 'chai';
import { partKey } from '../../../../src/gateway/share/share-user.ts';
import { ClaimKind, claimKey, type Cluster } from '../../../../src/lmq/spi/cluster.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { publish } from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import type { FakeClient, World } from '../gateway-world.ts';
import { LanesWorld } from './lanes-world.ts';
import type { SharedStore } from './shared-store.ts';
import { twoGateways } from './two-gateways.ts';

describe('gateway: several stores: growth', () => {
  let stores: LanesWorld;
  let a: World;
  let b: World;

  beforeEach(async () => {
    [stores, a, b] = await twoGateways(new LanesWorld());
  });

  async function send(client: FakeClient, topic: string, payload: string): Promise<void> {
    await client.exchange(publish({ topic, qos: 1, id: 1, payload }));
    await turns(10);
  }

  function recordsIn(lane: number): number {
    return stores.stores[lane]?.base.stats.recordsAppended ?? 0;
  }

  it('a topic that a connection has published to moves with the next generation, not before', async () => {
    const publisher = await a.connected({ clientId: 'p' });
    const lane = await stores.prepare();
    const topic = stores.topicThatMoves(0, lane);
    await send(publisher, topic, '1');
    expect(recordsIn(lane)).to.equal(0);
    await stores.activate();
    await send(publisher, topic, '2');
    expect(recordsIn(lane)).to.equal(1);
  });

  it('an entry that is kept goes to the new store of its topic', async () => {
    const lane = await stores.prepare();
    const topic = stores.topicThatMoves(1, lane);
    const entry = a.context.topics.serverEntry(topic);
    const message = {
      qos: 1,
      retain: false,
      payload: Buffer.from('x'),
      expirySeconds: undefined,
    } as const;
    a.context.publisher.publishTo(entry, { ...message, properties: Buffer.alloc(0) }, 'p');
    await turns();
    expect(recordsIn(lane)).to.equal(0);
    await stores.activate();
    a.context.publisher.publishTo(entry, { ...message, properties: Buffer.alloc(0) }, 'p');
    await turns();
    expect(recordsIn(lane)).to.equal(1);
  });

  for (const filter of ['t/+', 'exact'] as const) {
    for (const clean of [true, false]) {
      it(`${filter}, clean ${String(clean)}: hears what comes before and after, in order`, async () => {
        const publisher = await b.connected({ clientId: 'p' });
        const subscribed = filter === 'exact' ? 't/#' : filter;
        const client = await a.subscribed({ clientId: 's', clean }, [subscribed, 1]);
        const lane = await stores.prepare();
        const topic = stores.topicThatMoves(0, lane);
        if (filter === 'exact') {
          const exact = await a.subscribed({ clientId: 'e', clean }, [topic, 1]);
          await send(publisher, topic, '1');
          await stores.activate();
          await send(publisher, topic, '2');
          expect(await exact.drain()).to.deep.equal(['1', '2']);
        } else {
          await send(publisher, topic, '1');
          await stores.activate();
          await send(publisher, topic, '2');
        }
        expect(await client.drain()).to.deep.equal(['1', '2']);
      });
    }
  }

  it('an exact subscription made before the store was there hears its topic from it', async () => {
    const publisher = await b.connected({ clientId: 'p' });
    // One of these will move.
    const topics = Array.from({ length: 20 }, (_, i) => `t/${String(i)}`);
    const client = await a.subscribed(
      { clientId: 's', clean: false },
      ...topics.map((topic) => [topic, 1] as const),
    );
    for (const topic of topics) await send(publisher, topic, `${topic} before`);
    const lane = await stores.grow();
    for (const topic of topics) await send(publisher, topic, `${topic} after`);
    expect(recordsIn(lane), 'some have moved').to.be.greaterThan(0);
    const received = await client.drain();
    expect(received.sort()).to.deep.equal(
      topics.flatMap((topic) => [`${topic} after`, `${topic} before`]).sort(),
    );
  });

  it('what a dead gateway leaves there is seen to when its groups are known, and ends none of them', async () => {
    const group = '$share/g/t/+';
    await a.subscribed({ clientId: 's', clean: false }, [group, 1]);
    const routed = stores.routed(b);
    const clusterOf = routed.clusterOf.bind(routed);
    let know: () => void = () => undefined;
    const known = new Promise<void>((resolve) => {
      know = resolve;
    });
    routed.clusterOf = (lane) => {
      const cluster = clusterOf(lane);
      if (lane < 2) return cluster;
      const watchState: Cluster['watchState'] = async (...args) => {
        await known;
        await cluster.watchState(...args);
      };
      return new Proxy(cluster, {
        get: (target, property): unknown => {
          if (property === 'watchState') return watchState;
          const value: unknown = Reflect.get(target, property, target);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
    };
    const preparing = stores.prepare();
    await turns(20);
    const added = stores.stores[2] as SharedStore;
    const record = () => added.base.getState(StateSpace.SHARE, group);
    expect(await record(), 'made by the gateway of its member').not.to.equal(undefined);
    await added.kill(stores.node(a, 2).node);
    await turns(20);
    expect(await record(), 'its stored member is not known yet').not.to.equal(undefined);
    know();
    await preparing;
    await turns(20);
    expect(await record()).not.to.equal(undefined);
    const part = claimKey(ClaimKind.MEMBERSHIP, partKey(group, stores.node(a, 2).nodeId));
    expect(added.ownerOf(part), 'seen to').to.equal(undefined);
    expect(b.context.shares.find(group, 2), 'and left').to.equal(undefined);
  });

  it('fails when a gateway does not hear from the store, and goes on when it does', async () => {
    const subscriber = await a.subscribed({ clientId: 's' }, ['t/+', 1]);
    const { shares } = a.context;
    let isAway = true;
    const addLane = shares.addLane.bind(shares);
    shares.addLane = async (lane) => {
      if (isAway) throw new Error('away');
      await addLane(lane);
    };
    expect(await stores.prepare().catch((error: unknown) => error)).to.have.property(
      'message',
      'away',
    );
    isAway = false;
    await stores.routed(a).prepare(stores.table);
    const publisher = await b.connected({ clientId: 'p' });
    await stores.activate();
    await send(publisher, stores.topicIn(2), 'x');
    expect(await subscriber.drain()).to.deep.equal(['x']);
  });
});
