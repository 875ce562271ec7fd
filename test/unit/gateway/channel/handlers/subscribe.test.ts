import { expect } from 'chai';
import sinon from 'sinon';
import { topicQueueName } from '../../../../../src/lmq/spi/queue-name.ts';
import { puback, publish, suback, subscribe, unsubscribe } from '../../../../helpers/packets.ts';
import { turns } from '../../fake-socket.ts';
import { World } from '../../gateway-world.ts';

async function offsetOf(
  world: World,
  clientId: string,
  topic: string,
): Promise<number | undefined> {
  const queue = await world.store.openQueue(topicQueueName(topic));
  const offset = await world.store.loadOffset(clientId, queue);
  world.store.closeQueue(queue);
  return offset;
}

describe('gateway: handleSubscribe', () => {
  it('answers with one code for each filter, in order [MQTT-3.8.4-5]', async () => {
    const world = new World({ limits: { maxTopicLevels: 3 } });
    const client = await world.connected();
    const [packet] = await client.exchange(
      subscribe(5, ['a', 0], ['a/b/c/d', 1], ['$share//a', 2], ['b/#', 2], ['c', 1]),
    );
    expect(packet).to.deep.equal({ type: 'suback', id: 5, codes: [0, 0x80, 0x80, 2, 1] });
    expect(suback(5, 0)).to.have.length(5);
    expect(world.stats.subscriptionsCurrent).to.equal(3);
  });

  it('refuses more subscriptions than allowed, but not one that is there', async () => {
    const world = new World({ limits: { maxSubscriptionsPerClient: 2 } });
    const client = await world.connected();
    const [packet] = await client.exchange(subscribe(1, ['a', 0], ['b', 0], ['c', 0], ['a', 1]));
    expect(packet).to.deep.include({ codes: [0, 0, 0x80, 1] });
  });

  it('delivers from the SUBACK on, and nothing from before it', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    await publisher.exchange(publish({ topic: 't', qos: 1, id: 1, payload: 'before' }));
    const client = await world.subscribed({}, ['t', 1]);
    await publisher.exchange(publish({ topic: 't', qos: 1, id: 2, payload: 'after' }));
    expect(await client.drain()).to.deep.equal(['after']);
  });

  it('replaces the QoS of a subscription and delivers each message once [MQTT-3.8.4-3]', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({}, ['t', 0]);
    const granted = [1, 2, 0, 1, 0, 2];
    for (const [i, qos] of granted.entries()) {
      await client.exchange(subscribe(i + 2, ['t', qos]));
      await publisher.exchange(publish({ topic: 't', qos: 2, id: i + 1, payload: String(i) }));
      const received = await client.publishes();
      expect(received.map((message) => [message.payload.toString(), message.qos])).to.deep.equal([
        [String(i), qos],
      ]);
    }
    expect(world.stats.subscriptionsCurrent).to.equal(1);
  });

  it('closes the queue of a QoS that was lowered when its last message is acknowledged', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({}, ['t', 1]);
    await publisher.exchange(publish({ topic: 't', qos: 1, id: 1 }));
    await client.exchange(subscribe(2, ['t', 0]));
    expect(world.store.stats.openQueues).to.equal(2);
    await client.exchange(puback(1), subscribe(3, ['t', 1]), subscribe(4, ['t', 0]));
    expect(world.store.stats.openQueues).to.equal(1);
    await client.lose();
    expect(world.store.stats.openQueues).to.equal(0);
  });

  it('holds no queue when the client goes in the middle of it', async () => {
    for (const first of [undefined, 1] as const) {
      for (const clean of [true, false]) {
        const world = new World();
        const client = await world.connected({ clean });
        if (first !== undefined) await client.exchange(subscribe(1, ['t', first]));
        const openQueue = world.store.openQueue.bind(world.store);
        const acquire = world.metadata.acquire.bind(world.metadata);
        sinon.stub(world.store, 'openQueue').callsFake(async (name) => {
          await turns(3);
          return openQueue(name);
        });
        sinon.stub(world.metadata, 'acquire').callsFake(async (filter, durable) => {
          await turns(3);
          return acquire(filter, durable);
        });
        client.socket.feed(subscribe(2, ['t', 0]));
        await Promise.resolve();
        await client.lose();
        expect(world.store.stats.openQueues, `${String(first)} ${String(clean)}`).to.equal(0);
        expect(world.context.live.size).to.equal(0);
        expect(world.stats.subscriptionsCurrent).to.equal(0);
      }
    }
  });

  it('keeps no offset of a subscription that has gone', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 1]);
    await publisher.exchange(publish({ topic: 't', qos: 1, id: 1 }));
    await client.exchange();
    await client.exchange(unsubscribe(2, 't'));
    expect(await offsetOf(world, 'c', 't')).to.equal(undefined);
    await client.exchange(puback(1));
    await client.lose();
    expect(await offsetOf(world, 'c', 't')).to.equal(undefined);
  });

  it('completes a delivery that is in flight when the subscription goes [MQTT-3.10.4-3]', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 1]);
    await publisher.exchange(publish({ topic: 't', qos: 1, id: 1, payload: 'm' }));
    expect(await client.publishes()).to.have.length(1);
    await client.exchange(unsubscribe(2, 't'));
    await client.lose();
    const again = await world.connected({ clean: false });
    expect(await again.drain()).to.deep.equal(['m']);
    const third = await world.connected({ clean: false });
    expect(await third.drain()).to.deep.equal([]);
  });

  it('answers UNSUBSCRIBE of what is not subscribed [MQTT-3.10.4-5]', async () => {
    const world = new World();
    const client = await world.connected();
    expect(await client.exchange(unsubscribe(9, 'x', 'y/#'))).to.deep.equal([
      { type: 'unsuback', id: 9 },
    ]);
  });

  it('stops delivery with UNSUBSCRIBE and gives everything back [MQTT-3.10.4-2]', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({}, ['t', 1], ['a/+', 0], ['a/#', 2]);
    expect(world.store.listFilters()).to.have.length(2);
    await client.exchange(unsubscribe(2, 't', 'a/+', 'a/#'));
    await publisher.exchange(publish({ topic: 't', qos: 1, id: 1 }), publish({ topic: 'a/b' }));
    expect(await client.exchange()).to.deep.equal([]);
    expect(world.store.stats.openQueues).to.equal(0);
    expect(world.store.listFilters()).to.have.length(0);
    expect(world.context.live.size).to.equal(0);
  });

  it('delivers one copy for each overlapping subscription', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({}, ['a/b', 2], ['a/+', 1], ['#', 0]);
    await publisher.exchange(publish({ topic: 'a/b', qos: 2, id: 1 }));
    const received = await client.publishes();
    expect(received.map(({ qos }) => qos).sort()).to.deep.equal([0, 1, 2]);
  });
});
