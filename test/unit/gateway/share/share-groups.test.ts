import { expect } from 'chai';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import {
  connect,
  DISCONNECT,
  puback,
  pubcomp,
  publish,
  pubrec,
  type QoS,
  subscribe,
  unsubscribe,
} from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { type FakeClient, World, type WorldOptions } from '../gateway-world.ts';

const GROUP = '$share/g/t';

async function started(options: WorldOptions = {}): Promise<World> {
  const world = new World(options);
  await world.context.shares.start(world.context.sessions);
  return world;
}

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
}

async function send(
  world: World,
  qos: QoS,
  payloads: readonly string[],
  topic = 't',
): Promise<void> {
  const publisher = await world.connected({ clientId: 'publisher' });
  const packets = payloads.map((payload, i) => publish({ topic, qos, id: i + 1, payload }));
  await publisher.exchange(...packets);
  await publisher.lose();
}

function member(world: World, clientId: string, qos = 1, clean = true): Promise<FakeClient> {
  return world.subscribed({ clientId, clean }, [GROUP, qos]);
}

function sorted(...received: readonly (readonly string[])[]): string[] {
  return received.flat().sort((a, b) => Number(a) - Number(b));
}

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
    expect(sorted(ofA, ofB)).to.deep.equal(['1', '1', '2', '2']);
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

  it('what a member that leaves has not acknowledged goes to the others, first', async () => {
    const world = await started();
    const a = await member(world, 'a');
    const b = await member(world, 'b');
    await send(world, 1, numbers(1, 6));
    const had = await a.publishes();
    expect(had.map(({ payload }) => payload.toString())).to.deep.equal(['1', '3', '5']);
    await a.exchange(puback(had[0]!.id));
    await a.lose();
    expect(await b.drain()).to.deep.equal(['2', '4', '6', '3', '5']);
    expect(world.stats.sharedMessagesReturned).to.equal(2);
  });

  it('what goes to another member is no repetition for it', async () => {
    const world = await started();
    const a = await member(world, 'a');
    await send(world, 1, ['1']);
    const b = await member(world, 'b');
    await a.lose();
    const [message] = await b.publishes();
    expect(message).to.include({ dup: false, qos: 1 });
  });

  it('unsubscribing completes what is on the way and leaves the rest to the others', async () => {
    const world = await started();
    const a = await member(world, 'a');
    const b = await member(world, 'b');
    await send(world, 1, ['1', '2']);
    const [one] = await a.publishes();
    await a.exchange(unsubscribe(2, GROUP));
    await send(world, 1, ['3']);
    expect(await b.drain()).to.deep.equal(['2', '3']);
    await a.exchange(puback(one!.id));
    await a.lose();
    expect(await b.drain()).to.deep.equal([]);
  });

  it('a client that is gone before it acknowledges gives back after unsubscribing, too', async () => {
    const world = await started();
    const a = await member(world, 'a');
    const b = await member(world, 'b');
    await send(world, 1, ['1']);
    await a.publishes();
    await a.exchange(unsubscribe(2, GROUP));
    await a.lose();
    expect(await b.drain()).to.deep.equal(['1']);
  });

  it('the group ends with its last member: nothing is kept for the next one', async () => {
    const world = await started();
    const a = await member(world, 'a');
    await a.lose();
    expect(world.stats.sharedGroupsCurrent).to.equal(0);
    await send(world, 1, ['1']);
    const b = await member(world, 'b');
    await send(world, 1, ['2']);
    expect(await b.drain()).to.deep.equal(['2']);
  });

  it('outlives its last member as long as it is told to', async () => {
    const world = await started({
      sharedSubscriptions: { strategy: 'round_robin', expirySeconds: 30 },
    });
    const a = await member(world, 'a');
    await send(world, 1, ['1']);
    await a.lose();
    await send(world, 1, ['2']);
    const b = await member(world, 'b');
    expect(await b.drain()).to.deep.equal(['1', '2']);
    await b.lose();
    world.clock.advance(31_000);
    await turns();
    expect(world.stats.sharedGroupsCurrent).to.equal(0);
  });

  it('waits for its stored members while none is connected', async () => {
    const world = await started();
    const a = await member(world, 'a', 1, false);
    await a.exchange(DISCONNECT);
    await send(world, 1, ['1', '2']);
    const again = await world.connected({ clientId: 'a', clean: false });
    expect(await again.drain()).to.deep.equal(['1', '2']);
  });

  it('what a stored member took along goes to the next one that comes', async () => {
    const world = await started();
    const a = await member(world, 'a', 1, false);
    await send(world, 1, ['1', '2']);
    expect(await a.publishes()).to.have.length(2);
    await a.lose();
    const b = await member(world, 'b');
    expect(await b.drain()).to.deep.equal(['1', '2']);
    const again = await world.connected({ clientId: 'a', clean: false });
    expect(await again.drain()).to.deep.equal([]);
  });

  it('without others, a stored member gets its messages again with DUP [MQTT-4.4.0-1]', async () => {
    const world = await started();
    const a = await member(world, 'a', 1, false);
    await send(world, 1, ['1']);
    const [first] = await a.publishes();
    await a.lose();
    const again = await world.connected({ clientId: 'a', clean: false });
    const [second] = await again.publishes();
    expect(second).to.include({ dup: true, id: first!.id });
  });

  it('QoS 2 is completed by the one that has it, when it comes back [MQTT-4.8.2-4]', async () => {
    const world = await started();
    const a = await member(world, 'a', 2, false);
    const b = await member(world, 'b', 2);
    await send(world, 2, ['1', '2', '3']);
    const messages = await a.publishes();
    expect(messages.map(({ payload }) => payload.toString())).to.deep.equal(['1', '3']);
    await a.exchange(pubrec(messages[0]!.id));
    await a.lose();
    expect(await b.drain()).to.deep.equal(['2']);
    const again = await world.connected({ clientId: 'a', clean: false });
    const packets = await again.exchange();
    expect(packets.map(({ type }) => type)).to.deep.equal(['pubrel', 'publish']);
    await again.exchange(pubcomp(messages[0]!.id));
  });

  it('QoS 2 is not sent to anybody else when its session ends [MQTT-4.8.2-5]', async () => {
    const world = await started();
    const a = await member(world, 'a', 2);
    const b = await member(world, 'b', 2);
    await send(world, 2, ['1', '2']);
    expect(await a.publishes()).to.have.length(1);
    await a.lose();
    expect(await b.drain()).to.deep.equal(['2']);
  });

  it('a stored member that is discarded gives back what it took along', async () => {
    const world = await started();
    const a = await member(world, 'a', 1, false);
    await send(world, 1, ['1']);
    await a.publishes();
    await a.lose();
    // Keeps the group; its own messages stay with it until it is connected.
    const b = await member(world, 'b', 1, false);
    await b.lose();
    const cleaned = await world.connected({ clientId: 'a', clean: true });
    await cleaned.lose();
    const again = await world.connected({ clientId: 'b', clean: false });
    expect(await again.drain()).to.deep.equal(['1']);
  });

  it('a member without room is passed over; the others get what comes', async () => {
    const world = await started({ limits: { maxInflight: 2 } });
    const slow = await member(world, 'slow');
    const keen = await member(world, 'keen');
    await send(world, 1, numbers(1, 20));
    const got = await keen.drain();
    expect(got).to.have.length(18);
    expect(
      sorted(
        got,
        (await slow.publishes()).map(({ payload }) => payload.toString()),
      ),
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

  it('a group that has ended is not written again', async () => {
    const world = await started();
    const a = await member(world, 'a');
    await send(world, 1, ['1', '2']);
    const [first] = await a.publishes();
    await a.exchange(unsubscribe(2, GROUP));
    await a.exchange(puback(first!.id));
    world.clock.advance(5_000);
    await turns();
    expect(await world.store.getState(StateSpace.SHARE, GROUP)).to.equal(undefined);
  });

  it('a new group of the same name gets nothing that the one before had handed out', async () => {
    const world = await started();
    const a = await member(world, 'a');
    await send(world, 1, ['1']);
    await a.publishes();
    await a.exchange(unsubscribe(2, GROUP));
    const b = await member(world, 'b');
    await a.lose();
    await send(world, 1, ['2']);
    expect(await b.drain()).to.deep.equal(['2']);
  });

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
