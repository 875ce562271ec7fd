import { expect } from 'chai';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { publish, pubrec, pubrel, subscribe } from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { LaneWorld } from './lane-world.ts';

const STORED = { clientId: 'c0', clean: false } as const;

for (const qos of [1, 2] as const) {
  for (const filter of ['t/+', 't/1']) {
    describe(`gateway: a store is added, ${filter} at QoS ${qos}`, () => {
      it('what a topic had before it moved comes first, however late that is told', async () => {
        const { world, stores, members } = new LaneWorld(2, 1);
        const reader = await world.subscribed(STORED, [filter, qos]);
        const sender = await world.connected({ clientId: 'p' });
        await stores.prepare();
        await sender.exchange(publish({ topic: 't/1', payload: 'a', qos, id: 1 }), pubrel(1));
        members[0]!.goAway();
        await sender.exchange(publish({ topic: 't/1', payload: 'b', qos, id: 2 }));
        stores.activate();
        await sender.exchange(publish({ topic: 't/1', payload: 'c', qos, id: 3 }));
        expect(await reader.drain()).to.deep.equal(['a']);
        members[0]!.comeBack();
        expect(await reader.drain()).to.deep.equal(['b', 'c']);
        await sender.exchange(publish({ topic: 't/1', payload: 'd', qos, id: 4 }));
        expect(await reader.drain()).to.deep.equal(['d']);
      });

      it('what another gateway sends to the old store, which has not switched, comes first', async () => {
        const { world, stores, clock } = new LaneWorld(2, 1);
        const sender = await world.connected({ clientId: 'p' });
        stores.isSwitched = false;
        const early = await world.subscribed(STORED, [filter, qos]);
        await stores.prepare();
        await sender.exchange(publish({ topic: 't/1', payload: 'a', qos, id: 1 }), pubrel(1));
        expect(await early.drain()).to.deep.equal(['a']);
        stores.activate();
        await sender.exchange(publish({ topic: 't/1', payload: 'b', qos, id: 2 }), pubrel(2));
        expect(await early.drain()).to.deep.equal([]);
        await early.lose();
        // One that connects at a gateway which has switched waits as well.
        const late = await world.connected(STORED);
        expect(await late.drain()).to.deep.equal([]);
        stores.isSwitched = true;
        clock.advance(50);
        await turns();
        expect(await late.drain()).to.deep.equal(['b']);
      });

      it('a session that is away meanwhile gets all of it, in order', async () => {
        const lanes = new LaneWorld(2, 1);
        const { world, stores, members } = lanes;
        const reader = await world.subscribed(STORED, [filter, qos]);
        await reader.lose();
        const sender = await world.connected({ clientId: 'p' });
        await sender.exchange(publish({ topic: 't/1', payload: 'a', qos, id: 1 }));
        await stores.prepare();
        // The uses of sessions that are away are copied by whoever adds the store.
        await members[1]!.acquireFilter(filter, true);
        stores.activate();
        await sender.exchange(publish({ topic: 't/1', payload: 'b', qos, id: 2 }));
        const next = await world.connected(STORED);
        expect(next.sessionPresent).to.equal(true);
        expect(await next.drain()).to.deep.equal(['a', 'b']);
        await next.lose();
        await sender.exchange(publish({ topic: 't/1', payload: 'c', qos, id: 3 }));
        const last = await lanes.restart(true).connected(STORED);
        expect(await last.drain()).to.deep.equal(['c']);
      });

      it('a subscription made while it is being added is heard from it', async () => {
        const { world, stores } = new LaneWorld(2, 1);
        const reader = await world.connected(STORED);
        const preparing = stores.prepare();
        await reader.exchange(subscribe(1, [filter, qos]));
        await preparing;
        stores.activate();
        const sender = await world.connected({ clientId: 'p' });
        await sender.exchange(publish({ topic: 't/1', payload: 'a', qos, id: 1 }));
        expect(await reader.drain()).to.deep.equal(['a']);
      });

      it('a subscription that ends while it is being added leaves no use behind', async () => {
        const { world, stores, members } = new LaneWorld(2, 1);
        const reader = await world.subscribed({ clientId: 'c0' }, [filter, qos]);
        members[1]!.goAway();
        const preparing = stores.prepare();
        await turns();
        await reader.lose();
        members[1]!.comeBack();
        await preparing;
        await turns();
        for (const member of members) expect(member.listFilters()).to.deep.equal([]);
      });
    });
  }
}

describe('gateway: sessions in a store that gets others', () => {
  it('keep what is in flight, and what was written of it before', async () => {
    const lanes = new LaneWorld(2, 1);
    const reader = await lanes.world.subscribed(STORED, ['t/+', 2]);
    const sender = await lanes.world.connected({ clientId: 's0', clean: false });
    await sender.exchange(publish({ topic: 't/0', payload: 'a', qos: 2, id: 1 }));
    const [first] = await reader.publishes();
    await reader.exchange(pubrec(first!.id));
    await lanes.stores.prepare();
    lanes.stores.activate();
    await sender.exchange(publish({ topic: 't/1', payload: 'b', qos: 2, id: 2 }));
    expect((await reader.publishes()).map(({ payload }) => payload.toString())).to.deep.equal([
      'b',
    ]);
    const world = lanes.restart(true);
    const again = await world.connected({ clientId: 's0', clean: false });
    const answers = await again.exchange(
      publish({ topic: 't/0', payload: 'a', qos: 2, id: 1, dup: true }),
      publish({ topic: 't/1', payload: 'b', qos: 2, id: 2, dup: true }),
    );
    expect(answers.map(({ type }) => type)).to.deep.equal(['pubrec', 'pubrec']);
    const next = await world.connected(STORED);
    const packets = await next.exchange();
    expect(packets.map((packet) => [packet.type, 'id' in packet && packet.id])).to.deep.equal([
      ['pubrel', first!.id],
      ['publish', first!.id + 1],
    ]);
  });

  it('get what a topic had before it moved first, after a crash too', async () => {
    const lanes = new LaneWorld(2, 1);
    await lanes.world.subscribed(STORED, ['t/1', 1]);
    const sender = await lanes.world.connected({ clientId: 'p' });
    await lanes.stores.prepare();
    await sender.exchange(publish({ topic: 't/1', payload: 'a', qos: 1, id: 1 }));
    // Nothing of what is delivered of it becomes durable.
    lanes.members[0]!.cutOff();
    lanes.stores.activate();
    await sender.exchange(publish({ topic: 't/1', payload: 'b', qos: 1, id: 2 }));
    lanes.clock.advance(1000);
    await turns();
    const next = await lanes.restart().connected(STORED);
    expect(await next.drain()).to.deep.equal(['a', 'b']);
  });

  it('are known to have taken it in only when every offset there is durable', async () => {
    const lanes = new LaneWorld(2, 1);
    await lanes.world.subscribed(STORED, ['t/+', 1]);
    lanes.members[1]!.cutOff();
    void lanes.stores.prepare();
    await turns();
    // Another gateway prepares the store, which is in use when the client comes back.
    const world = lanes.restart(true);
    await lanes.members[1]!.acquireFilter('t/+', true);
    const sender = await world.connected({ clientId: 'p' });
    await sender.exchange(publish({ topic: 't/1', payload: 'a', qos: 1, id: 1 }));
    const next = await world.connected(STORED);
    expect(await next.drain()).to.deep.equal(['a']);
    expect(await lanes.members[0]!.getState(StateSpace.SESSION, 'c0')).to.not.equal(undefined);
  });
});
