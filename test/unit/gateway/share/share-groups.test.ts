import { expect } from 'chai';
import { connect, puback, publish, subscribe } from '../../../helpers/packets.ts';
import { numbers, sorted } from '../cluster/group-traffic.ts';
import { turns } from '../fake-socket.ts';
import { GROUP, started, send, member } from './share-world.ts';

describe('gateway: shared subscriptions', () => {
  for (const qos of [0, 1, 2] as const) {
    it(`each message of QoS ${qos} goes to one member, in turn`, async () => {
      const world = await started();
      const a = await member(world, 'a', qos);
      const b = await member(world, 'b', qos);
      await send(world, qos, numbers(1, 10));
      expect(await a.drain()).to.deep.equal(['1', '3', '5', '7', '9']);
      expect(await b.drain()).to.deep.equal(['2', '4', '6', '8', '10']);
    });
  }

  it('a message is delivered at the QoS granted to its member [MQTT-4.8.2-3]', async () => {
    const world = await started();
    const clients = [
      await member(world, 'a', 0),
      await member(world, 'b', 1),
      await member(world, 'c', 2),
    ];
    await send(world, 2, ['1', '2', '3']);
    const seen = await Promise.all(clients.map((client) => client.publishes()));
    expect(seen.map((messages) => messages.map(({ qos }) => qos))).to.deep.equal([[0], [1], [2]]);
  });

  it("a SUBSCRIBE that is overtaken by the client's own takes nothing from that", async () => {
    const fields = { clientId: 'me', clean: false, keepAlive: 0 };
    for (let later = 0; later < 12; later++) {
      const world = await started();
      const first = await world.connected(fields);
      // Its queue is opened when the other connection's has been.
      const { openQueue } = world.store;
      let isFirst = true;
      world.store.openQueue = async (name) => {
        const pause = isFirst ? later : 0;
        isFirst = false;
        await turns(pause);
        return openQueue.call(world.store, name);
      };
      first.socket.feed(subscribe(1, [GROUP, 1]));
      const second = world.open();
      second.socket.feed(connect(fields), subscribe(1, [GROUP, 1]));
      await turns(40);
      const heard = second.take();
      expect(heard.map(({ type }) => type)).to.deep.equal(['connack', 'suback']);
      await send(world, 1, numbers(1, 3));
      expect(await second.drain(), `${String(later)} turns later`).to.deep.equal(numbers(1, 3));
    }
  });

  it('groups and other subscriptions of the same filter are on their own', async () => {
    const world = await started();
    const a = await member(world, 'a');
    const other = await world.subscribed({ clientId: 'o' }, ['$share/h/t', 1]);
    const plain = await world.subscribed({ clientId: 'plain' }, ['t', 1]);
    await send(world, 1, ['1', '2']);
    for (const client of [a, other, plain]) expect(await client.drain()).to.deep.equal(['1', '2']);
  });

  it('$queue is a group of its own; one client may be in several', async () => {
    const world = await started();
    const a = await world.subscribed({ clientId: 'a' }, ['$queue/t', 1], [GROUP, 1]);
    const b = await world.subscribed({ clientId: 'b' }, ['$queue/t', 1]);
    await send(world, 1, ['1', '2']);
    const [ofA, ofB] = [await a.drain(), await b.drain()];
    expect(sorted([...ofA, ...ofB])).to.deep.equal(['1', '1', '2', '2']);
    expect(ofB).to.have.length(1);
  });

  it('wildcard filters are shared too', async () => {
    const world = await started();
    const a = await world.subscribed({ clientId: 'a' }, ['$share/g/x/+', 1]);
    const b = await world.subscribed({ clientId: 'b' }, ['$share/g/x/+', 1]);
    await send(world, 1, ['1'], 'x/1');
    await send(world, 1, ['2'], 'x/2');
    await send(world, 0, ['3', '4'], 'x/3');
    expect([await a.drain(), await b.drain()]).to.deep.equal([
      ['1', '3'],
      ['2', '4'],
    ]);
  });

  it('a new group begins at the end, and gets no retained messages (MQTT 5 §3.8.4)', async () => {
    const world = await started();
    const publisher = await world.connected({ clientId: 'p' });
    await publisher.exchange(publish({ topic: 't', qos: 1, payload: 'old', retain: true }));
    const a = await member(world, 'a');
    await send(world, 1, ['new']);
    expect(await a.drain()).to.deep.equal(['new']);
  });

  it('a member without room is passed over; the others get what comes', async () => {
    const world = await started({ limits: { maxInflight: 2 } });
    const slow = await member(world, 'slow');
    const keen = await member(world, 'keen');
    await send(world, 1, numbers(1, 20));
    const got = await keen.drain();
    expect(got).to.have.length(18);
    expect(
      sorted([...got, ...(await slow.publishes()).map(({ payload }) => payload.toString())]),
    ).to.deep.equal(numbers(1, 20));
  });

  it('when nobody has room, the messages wait for the first who has', async () => {
    const world = await started({ limits: { maxInflight: 1 } });
    const a = await member(world, 'a');
    const b = await member(world, 'b');
    await send(world, 1, numbers(1, 6));
    const seen: string[] = [];
    for (let turn = 0; turn < 3; turn++) {
      for (const client of [a, b]) {
        const messages = await client.publishes();
        expect(messages).to.have.length(1);
        seen.push(messages[0]!.payload.toString());
        await client.exchange().then((rest) => {
          client.putBack(rest);
        });
        client.putBack(await client.exchange(puback(messages[0]!.id)));
      }
    }
    expect(sorted(seen)).to.deep.equal(numbers(1, 6));
  });

  it('subscribing again changes the QoS, and does not make a second member', async () => {
    const world = await started();
    const a = await member(world, 'a', 1);
    await a.exchange(subscribe(2, [GROUP, 0]));
    expect(world.stats.sharedSubscriptionsCurrent).to.equal(1);
    await send(world, 1, ['1']);
    expect((await a.publishes()).map(({ qos }) => qos)).to.deep.equal([0]);
  });

  for (const strategy of ['hash_clientid', 'hash_topic', 'sticky'] as const) {
    it(`${strategy}: one publisher and topic go to one member in order, live and stored alike`, async () => {
      const world = await started({ sharedSubscriptions: { strategy, expirySeconds: 0 } });
      const a = await member(world, 'a');
      const b = await member(world, 'b');
      await send(world, 1, numbers(1, 10));
      await send(world, 0, numbers(11, 20));
      const received = [await a.drain(), await b.drain()].filter(({ length }) => length > 0);
      expect(received).to.deep.equal([numbers(1, 20)]);
    });
  }

  it('leaves nothing behind in memory', async () => {
    const world = await started();
    for (const clientId of ['a', 'b', 'c']) {
      const client = await member(world, clientId, 2);
      await send(world, 2, ['1']);
      await client.publishes();
      await client.lose();
    }
    expect(world.stats).to.include({ sharedSubscriptionsCurrent: 0, sharedGroupsCurrent: 0 });
    expect(world.store.stats.openQueues).to.equal(0);
    expect(world.store.listFilters()).to.deep.equal([]);
  });
});
