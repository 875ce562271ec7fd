import { expect } from 'chai';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import {
  puback,
  pubcomp,
  publish,
  pubrec,
  pubrel,
  subscribe,
  unsubscribe,
} from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { LaneWorld } from './lane-world.ts';

const STORED = { clientId: 'c0', clean: false } as const;

describe('gateway: sessions in several stores', () => {
  it('hear a wildcard from all of them, and an exact topic from its own', async () => {
    const { world } = new LaneWorld();
    const all = await world.subscribed({ clientId: 'all' }, ['t/+', 1]);
    const one = await world.subscribed({ clientId: 'one' }, ['t/1', 1]);
    const sender = await world.connected({ clientId: 'p' });
    const answers = await sender.exchange(
      publish({ topic: 't/0', payload: 'a', qos: 1, id: 1 }),
      publish({ topic: 't/1', payload: 'b', qos: 1, id: 2 }),
      publish({ topic: 't/0', payload: 'c', qos: 1, id: 3 }),
    );
    expect(answers.map((packet) => [packet.type, 'id' in packet && packet.id])).to.deep.equal([
      ['puback', 1],
      ['puback', 2],
      ['puback', 3],
    ]);
    expect((await all.drain()).sort()).to.deep.equal(['a', 'b', 'c']);
    expect(await one.drain()).to.deep.equal(['b']);
  });

  it('acknowledge in the order of the publishes, whichever store is slow [MQTT-4.6.0-2]', async () => {
    const { world, members } = new LaneWorld();
    const sender = await world.connected({ clientId: 'p' });
    members[1]!.goAway();
    const first = await sender.exchange(
      publish({ topic: 't/0', qos: 1, id: 1 }),
      publish({ topic: 't/1', qos: 1, id: 2 }),
      publish({ topic: 't/0', qos: 2, id: 3 }),
    );
    expect(first.map(({ type }) => type)).to.deep.equal(['puback']);
    members[1]!.comeBack();
    const rest = await sender.exchange();
    expect(rest.map((packet) => [packet.type, 'id' in packet && packet.id])).to.deep.equal([
      ['puback', 2],
      ['pubrec', 3],
    ]);
  });

  it('of others go on while one store is away', async () => {
    const { world, members } = new LaneWorld();
    const reader = await world.subscribed(STORED, ['t/+', 2]);
    const sender = await world.connected({ clientId: 'p' });
    members[1]!.goAway();
    await sender.exchange(publish({ topic: 't/0', payload: 'a', qos: 2, id: 1 }));
    expect(await reader.drain()).to.deep.equal(['a']);
    members[1]!.comeBack();
  });

  it('are brought back whole, what is in flight in its order [MQTT-4.6.0-1]', async () => {
    const lanes = new LaneWorld();
    const reader = await lanes.world.subscribed(STORED, ['t/+', 1], ['t/1', 1]);
    const sender = await lanes.world.connected({ clientId: 'p' });
    for (const [i, topic] of ['t/0', 't/1', 't/0', 't/1'].entries()) {
      await sender.exchange(publish({ topic, payload: `${i}`, qos: 1, id: i + 1 }));
    }
    const sent = await reader.publishes();
    expect(sent).to.have.length(6);
    await reader.exchange(puback(sent[1]!.id));
    await reader.lose();
    const next = await lanes.restart().connected(STORED);
    expect(next.sessionPresent).to.equal(true);
    const again = await next.publishes();
    const left = sent.filter((_, i) => i !== 1);
    expect(again.map(({ id, payload }) => [id, payload.toString()])).to.deep.equal(
      left.map(({ id, payload }) => [id, payload.toString()]),
    );
    expect(again.every(({ dup }) => dup)).to.equal(true);
  });

  it('know a QoS 2 publish again whose store is not their home [MQTT-4.3.3-2]', async () => {
    const lanes = new LaneWorld();
    const reader = await lanes.world.subscribed({ clientId: 'r' }, ['#', 2]);
    const sender = await lanes.world.connected(STORED);
    const answers = await sender.exchange(publish({ topic: 't/1', qos: 2, id: 7, payload: 'x' }));
    expect(answers.map(({ type }) => type)).to.deep.equal(['pubrec']);
    expect(await reader.drain()).to.deep.equal(['x']);
    const world = lanes.restart();
    const reader2 = await world.subscribed({ clientId: 'r' }, ['#', 2]);
    const again = await world.connected(STORED);
    expect(again.sessionPresent).to.equal(true);
    const repeated = await again.exchange(
      publish({ topic: 't/1', qos: 2, id: 7, payload: 'x', dup: true }),
      pubrel(7),
      publish({ topic: 't/1', qos: 2, id: 7, payload: 'y' }),
    );
    expect(repeated.map(({ type }) => type)).to.deep.equal(['pubrec', 'pubcomp', 'pubrec']);
    expect(await reader2.drain()).to.deep.equal(['y']);
  });

  it('know many of them again, and delete what they saved of them [MQTT-4.3.3-2]', async () => {
    const lanes = new LaneWorld();
    const sender = await lanes.world.connected(STORED);
    const ids = Array.from({ length: 700 }, (_, i) => 1 + i * 2);
    const packets = ids.map((id) => publish({ topic: `t/${id % 4 === 1 ? 0 : 1}`, qos: 2, id }));
    await sender.exchange(...packets);
    await sender.exchange(pubrel(5), pubrel(7));
    const world = lanes.restart();
    const again = await world.connected(STORED);
    const { received } = again.channel.session!;
    expect(ids.filter((id) => received.laneOf(id) !== (id % 4 === 1 ? 0 : 1))).to.deep.equal([
      5, 7,
    ]);
    await again.exchange(...packets);
    expect(world.stats.duplicatesReceived).to.equal(698);
    await again.lose();
    const clean = await world.connected({ clientId: 'c0', clean: true });
    await clean.lose();
    for (const member of lanes.members) {
      expect(await member.getState(StateSpace.INFLIGHT, 'c0')).to.equal(undefined);
      expect(await member.getState(StateSpace.INFLIGHT, 'c0\0received 0')).to.equal(undefined);
    }
  });

  it('have nothing in flight left in any store when all is done', async () => {
    const { world, members, clock } = new LaneWorld();
    const reader = await world.subscribed(STORED, ['t/+', 2]);
    const sender = await world.connected({ clientId: 's1', clean: false });
    for (const topic of ['t/0', 't/1']) {
      await sender.exchange(publish({ topic, qos: 2, id: 1 }), pubrel(1));
    }
    expect(await reader.drain()).to.have.length(2);
    clock.advance(1000);
    await turns();
    for (const member of members) {
      expect(await member.getState(StateSpace.INFLIGHT, 'c0')).to.equal(undefined);
      expect(await member.getState(StateSpace.INFLIGHT, 's1')).to.equal(undefined);
    }
  });

  it('complete what was in flight when it was unsubscribed [MQTT-3.10.4-3]', async () => {
    const lanes = new LaneWorld();
    const reader = await lanes.world.subscribed(STORED, ['t/+', 2]);
    const sender = await lanes.world.connected({ clientId: 'p' });
    await sender.exchange(publish({ topic: 't/1', qos: 2, id: 1, payload: 'x' }));
    const [message] = await reader.publishes();
    await reader.exchange(unsubscribe(2, 't/+'));
    await reader.exchange(pubrec(message!.id));
    const next = await lanes.restart().connected(STORED);
    const packets = await next.exchange();
    expect(packets).to.deep.equal([{ type: 'pubrel', id: message!.id }]);
    expect(await next.exchange(pubcomp(message!.id))).to.deep.equal([]);
  });

  it('give up many filters in turns, each released when the session is saved', async () => {
    const { world, members } = new LaneWorld();
    const filters = Array.from({ length: 40 }, (_, i) => `t/${i}/+`);
    const reader = await world.subscribed(STORED, ...filters.map((filter) => [filter, 1] as const));
    const { live, sessionLog } = world.context;
    const remove = live.remove.bind(live);
    live.remove = (subscription) => {
      world.clock.advance(4);
      remove(subscription);
    };
    let left = 0;
    const saveDurably = sessionLog.saveDurably.bind(sessionLog);
    const lefts: number[] = [];
    sessionLog.saveDurably = async (session, ...rest) => {
      left = session.subscriptions.size;
      await saveDurably(session, ...rest);
      // Not released before what says so is durable.
      lefts.push(members[0]!.listFilters().length - left);
    };
    reader.socket.feed(unsubscribe(2, ...filters));
    await turns(1);
    const first = reader.channel.session!.subscriptions.size;
    expect(first).to.be.within(20, 39);
    await turns(60);
    expect(reader.take()).to.deep.equal([{ type: 'unsuback', id: 2 }]);
    expect(lefts.length).to.be.greaterThan(4);
    for (const unreleased of lefts) expect(unreleased).to.be.within(1, 10);
    for (const member of members) expect(member.listFilters()).to.deep.equal([]);
  });

  it('release what they have given up when they go in the middle', async () => {
    const { world, members } = new LaneWorld();
    const filters = Array.from({ length: 40 }, (_, i) => `t/${i}/+`);
    const reader = await world.subscribed(STORED, ...filters.map((filter) => [filter, 1] as const));
    const { live } = world.context;
    const remove = live.remove.bind(live);
    live.remove = (subscription) => {
      world.clock.advance(4);
      remove(subscription);
    };
    reader.socket.feed(unsubscribe(2, ...filters));
    await turns(1);
    await reader.lose();
    await turns(60);
    const again = await world.connected(STORED);
    const { size } = again.channel.session!.subscriptions;
    expect(size).to.be.within(10, 39);
    for (const member of members) expect(member.listFilters()).to.have.length(size);
  });

  it('leave nothing behind when they end, in any store', async () => {
    const { world, members } = new LaneWorld();
    const reader = await world.subscribed(STORED, ['t/+', 1], ['t/1', 2]);
    const sender = await world.connected({ clientId: 'p' });
    await sender.exchange(publish({ topic: 't/1', qos: 1, id: 1 }));
    await reader.lose();
    await world.connected({ ...STORED, clean: true });
    for (const member of members) {
      expect(await member.getState(StateSpace.INFLIGHT, 'c0')).to.equal(undefined);
      expect(await member.getState(StateSpace.SESSION, 'c0')).to.equal(undefined);
      expect(member.listFilters()).to.deep.equal([]);
    }
  });

  it('change the QoS of a subscription in all of them [MQTT-3.8.4-3]', async () => {
    const { world } = new LaneWorld();
    const reader = await world.subscribed(STORED, ['t/+', 1]);
    const sender = await world.connected({ clientId: 'p' });
    const send = (payload: string) =>
      sender.exchange(
        publish({ topic: 't/0', payload, qos: 1, id: 1 }),
        publish({ topic: 't/1', payload, qos: 1, id: 2 }),
      );
    const qosOfNext = async (): Promise<number[]> =>
      (await reader.publishes()).map(({ qos, id }) => {
        if (qos > 0) reader.socket.feed(puback(id));
        return qos;
      });
    await reader.exchange(subscribe(2, ['t/+', 0]));
    await send('a');
    expect(await qosOfNext()).to.deep.equal([0, 0]);
    await reader.exchange(subscribe(3, ['t/+', 1]));
    await send('b');
    expect(await qosOfNext()).to.deep.equal([1, 1]);
  });
});
