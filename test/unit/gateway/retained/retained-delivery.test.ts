import { expect } from 'chai';
import { NO_EXPIRY } from '../../../../src/lmq/spi/record.ts';
import { puback, publish, type Publish, subscribe, unsubscribe } from '../../../helpers/packets.ts';
import { World } from '../gateway-world.ts';
import { publishedTopic } from './published-topic.ts';
import { show, retain, types } from './retained-traffic.ts';

describe('gateway: retained messages to a new subscription', () => {
  for (const published of [0, 1, 2] as const) {
    for (const granted of [0, 1, 2] as const) {
      it(`published at QoS ${published}, granted ${granted}: after SUBACK, RETAIN 1, QoS ${Math.min(published, granted)} [MQTT-3.3.1-6] [MQTT-3.3.1-8] [MQTT-3.8.4-6]`, async () => {
        const world = new World();
        await retain(await world.connected({ clientId: 'p' }), 'a/b', 'x', published);
        for (const clean of [true, false]) {
          const client = await world.connected({ clientId: `s${String(clean)}`, clean });
          const packets = await client.exchange(subscribe(1, ['a/+', granted]));
          expect(types(packets)).to.equal('suback publish');
          const qos = Math.min(published, granted);
          expect(show(packets[1] as Publish)).to.equal(`a/b=x qos ${qos} retained`);
        }
      });
    }
  }

  it('come again when the same filter is subscribed again [MQTT-3.8.4-3]', async () => {
    const world = new World();
    const client = await world.connected({ clientId: 's' });
    await retain(client, 'a', 'x');
    for (let i = 1; i <= 3; i++) {
      const [message] = await client.publishes(subscribe(i, ['a', 1]));
      expect(show(message!)).to.equal('a=x qos 1 retained');
      await client.exchange(puback(message!.id));
    }
  });

  it('come once for each time that one SUBSCRIBE names the filter [MQTT-3.8.4-4]', async () => {
    const world = new World();
    const client = await world.connected({ clientId: 's' });
    await retain(client, 'a', 'x');
    await retain(client, 'b', 'y');
    const messages = await client.publishes(subscribe(1, ['a', 0], ['b', 1], ['a', 0], ['a', 0]));
    expect(messages.map(show).sort()).to.deep.equal([
      'a=x qos 0 retained',
      'a=x qos 0 retained',
      'a=x qos 0 retained',
      'b=y qos 1 retained',
    ]);
    expect(messages.filter(({ topic }) => topic === 'b')).to.have.length(1);
  });

  it('come for each SUBSCRIBE that follows while those of another filter are sent [MQTT-3.8.4-3]', async () => {
    const world = new World();
    const client = await world.connected({ clientId: 's' });
    await retain(client, 'a', 'x');
    await retain(client, 'b', 'y');
    const messages = await client.publishes(
      Buffer.concat([
        subscribe(1, ['b', 1]),
        subscribe(2, ['a', 0]),
        subscribe(3, ['a', 0]),
        subscribe(4, ['a', 0]),
      ]),
    );
    expect(messages.filter(({ topic }) => topic === 'a')).to.have.length(3);
  });

  it('of a filter that has been unsubscribed are forgotten while those of another wait for the client', async () => {
    const world = new World({ limits: { maxInflight: 1 } });
    await retain(await world.connected({ clientId: 'p' }), 'a', 'x');
    await retain(await world.connected({ clientId: 'q' }), 'b', 'y');
    const client = await world.connected({ clientId: 's' });
    // Not acknowledged: what is due after it is not sent.
    expect(await client.publishes(subscribe(1, ['#', 1]))).to.have.length(1);
    for (let i = 0; i < 20; i++) await client.exchange(subscribe(2, ['+', 1]), unsubscribe(3, '+'));
    const session = world.context.sessions.connected('s');
    expect([...(session?.retainedDue?.keys() ?? [])].map(({ filter }) => filter)).to.deep.equal([]);
  });

  it('are the last of each topic, in place of those before [MQTT-3.3.1-5] [MQTT-3.3.1-7]', async () => {
    const world = new World();
    const sender = await world.connected({ clientId: 'p' });
    await retain(sender, 'a', 'one', 2);
    await retain(sender, 'a', 'two', 0);
    await sender.exchange(publish({ topic: 'a', payload: 'not retained', qos: 1, id: 1 }));
    const client = await world.connected({ clientId: 's' });
    const messages = await client.publishes(subscribe(1, ['a', 2]));
    expect(messages.map(show)).to.deep.equal(['a=two qos 0 retained']);
  });

  it('are removed by an empty payload, which is delivered but not retained [MQTT-3.3.1-10] [MQTT-3.3.1-11]', async () => {
    const world = new World();
    const sender = await world.connected({ clientId: 'p' });
    const live = await world.subscribed({ clientId: 'live' }, ['a', 1]);
    await retain(sender, 'a', 'x');
    await retain(sender, 'a', '');
    expect((await live.publishes()).map(show)).to.deep.equal(['a=x qos 1', 'a= qos 1']);
    const client = await world.connected({ clientId: 's' });
    expect(await client.publishes(subscribe(1, ['#', 2]))).to.deep.equal([]);
    expect(world.context.retained.size).to.equal(0);
  });

  it('of names with $ are not for a filter that begins with a wildcard [MQTT-4.7.2-1]', async () => {
    const world = new World();
    await world.kv.put('LMQ', 'ALL_FIRST_TOPICS', '$x');
    const sender = await world.connected({ clientId: 'p' });
    const head = {
      flags: 1,
      publisher: Buffer.from('p'),
      properties: Buffer.alloc(0),
      expirySeconds: NO_EXPIRY,
    };
    world.context.retained.put(publishedTopic('$x/a'), head, Buffer.from('x'), 0, 1);
    expect(await sender.publishes(subscribe(1, ['#', 1], ['+/a', 1]))).to.deep.equal([]);
    expect(await sender.publishes(subscribe(2, ['$x/#', 1]))).to.have.length(1);
  });

  it('are not made of P2P messages', async () => {
    const world = new World();
    const sender = await world.connected({ clientId: 'p' });
    await retain(sender, 'a/p2p/someone', 'x');
    expect(world.context.retained.size).to.equal(0);
  });

  it('are kept when QoS 0 is not stored', async () => {
    const world = new World({ storeQos0: false });
    await retain(await world.connected({ clientId: 'p' }), 'a', 'x', 0);
    const client = await world.connected({ clientId: 's' });
    expect(await client.publishes(subscribe(1, ['a', 2]))).to.have.length(1);
  });
});
