import { expect } from 'chai';
import { ack5, disconnect5, subscribe5, unsubscribe5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 02 shared subscriptions', () => {
  const wire = useWire5();

  it('are announced as available (MQTT 5 §3.2.2.3.13)', async () => {
    const client = await wire.connected();
    expect(client.connack.properties.some(([name]) => name === 'sharedAvailable')).to.equal(false);
  });

  for (const qos of [0, 1, 2] as const) {
    it(`each message at QoS ${qos} goes to one member`, async () => {
      const topic = wire.name('shared');
      const members = [
        await wire.subscribed(`$share/g/${topic}`, qos),
        await wire.subscribed(`$share/g/${topic}`, qos),
      ];
      await wire.published(...['1', '2', '3', '4'].map((payload) => ({ topic, payload, qos })));
      const received: string[] = [];
      for (const client of members) {
        for (let i = 0; i < 2; i++)
          received.push((await client.publish({ qos })).payload.toString());
        await client.raw.expectNothing(30);
      }
      expect(received.sort()).to.deep.equal(['1', '2', '3', '4']);
    });
  }

  it('the QoS of a message is that of its member, at most [MQTT-4.8.2-3]', async () => {
    const topic = wire.name('shared');
    const low = await wire.subscribed(`$share/g/${topic}`, 0);
    const high = await wire.subscribed(`$share/g/${topic}`, 2);
    await wire.published({ topic, payload: '1', qos: 1 }, { topic, payload: '2', qos: 1 });
    const received = [await low.publish({ qos: 0 }), await high.publish({ qos: 1 })];
    expect(received.map(({ payload }) => payload.toString()).sort()).to.deep.equal(['1', '2']);
  });

  it('carry the subscription identifier and options of their member', async () => {
    const topic = wire.name('shared');
    const client = await wire.subscribed(`$share/g/${topic}`, 1, {}, { retainAsPublished: true }, [
      ['subscriptionId', 77],
    ]);
    await wire.published({ topic, payload: 'x', qos: 1, retain: true });
    await client.publish({ payload: 'x', retain: true, properties: [['subscriptionId', 77]] });
    await wire.published({ topic, payload: '', qos: 1, retain: true });
  });

  it('get no retained messages when they are made', async () => {
    const topic = wire.name('shared');
    await wire.published({ topic, payload: 'kept', qos: 1, retain: true });
    const client = await wire.subscribed(`$share/g/${topic}`, 1);
    await client.ping();
    await client.raw.expectNothing(30);
    await wire.published({ topic, payload: '', qos: 1, retain: true });
  });

  it('a message that its member refuses goes to nobody else [MQTT-4.8.2-6]', async () => {
    const topic = wire.name('shared');
    const first = await wire.subscribed(`$share/g/${topic}`, 1);
    const second = await wire.subscribed(`$share/g/${topic}`, 1);
    await wire.published({ topic, payload: 'refused', qos: 1 });
    const { id } = await first.publish({ payload: 'refused' });
    first.send(ack5('puback', id, 0x80));
    await first.ping();
    first.send(disconnect5());
    await second.raw.expectNothing(50);
  });

  it('a message that is too large for one member goes to another one [MQTT-3.1.2-25]', async function () {
    if (isMosquitto) this.skip();
    const topic = wire.name('shared');
    const small = await wire.subscribed(`$share/g/${topic}`, 1, {
      properties: [['maximumPacketSize', 60]],
    });
    const large = await wire.subscribed(`$share/g/${topic}`, 1);
    const payload = 'x'.repeat(200);
    await wire.published({ topic, payload, qos: 1 }, { topic, payload, qos: 1 });
    await large.publish({ payload });
    await large.publish({ payload });
    await small.raw.expectNothing(30);
  });

  it('QoS 2 is completed by the member that comes back [MQTT-4.8.2-4]', async function () {
    if (isMosquitto) this.skip();
    const topic = wire.name('shared');
    const clientId = wire.name('member');
    const first = await wire.lasting(clientId, false);
    await wire.subscribe(first, `$share/g/${topic}`, 2);
    const second = await wire.subscribed(`$share/g/${topic}`, 2);
    await wire.published({ topic, payload: 'mine', qos: 2 });
    const { id } = await first.publish({ payload: 'mine', qos: 2 });
    await first.raw.drop();
    await second.raw.expectNothing(50);
    const again = await wire.lasting(clientId, true);
    await again.publish({ payload: 'mine', dup: true, id });
  });

  it('QoS 2 in flight of a session that ends is sent to nobody [MQTT-4.8.2-5]', async () => {
    const topic = wire.name('shared');
    const first = await wire.subscribed(`$share/g/${topic}`, 2);
    const second = await wire.subscribed(`$share/g/${topic}`, 2);
    await wire.published({ topic, payload: 'gone', qos: 2 });
    await first.publish({ payload: 'gone', qos: 2 });
    await first.raw.drop();
    await second.raw.expectNothing(50);
  });

  it('unsubscribing one leaves the others what comes', async () => {
    const topic = wire.name('shared');
    const filter = `$share/g/${topic}`;
    const first = await wire.subscribed(filter, 1);
    const second = await wire.subscribed(filter, 1);
    first.send(unsubscribe5(2, [filter]));
    await first.unsuback(2, 0);
    await wire.published({ topic, payload: '1', qos: 1 }, { topic, payload: '2', qos: 1 });
    await second.publish({ payload: '1' });
    await second.publish({ payload: '2' });
  });

  for (const filter of ['$share/g', '$share//a', '$share/g#/a', '$share/g/', '$queue/a/#/b']) {
    it(`${filter} is refused with 0x8F [MQTT-4.8.2-1] [MQTT-4.8.2-2]`, async function () {
      if (isMosquitto) this.skip();
      const client = await wire.connected();
      client.send(subscribe5(1, [[filter, 1]]));
      await client.suback(1, 0x8f);
    });
  }
});
