import { publish5, unsubscribe5 } from '../helpers/packets5.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 08 retained messages', () => {
  const wire = useWire5();

  for (const qos of [0, 1, 2] as const) {
    it(`the last one of a topic takes the place of those before, QoS ${qos} [MQTT-3.3.1-5]`, async () => {
      const topic = wire.name('kept');
      await wire.published(
        { topic, payload: 'first', qos: 1, retain: true, properties: [['contentType', 'old']] },
        { topic, payload: 'second', qos, retain: true, properties: [['user', ['k', 'v']]] },
      );
      const client = await wire.subscribed(topic, 2);
      const properties = [['user', ['k', 'v']]] as const;
      await client.publish({ topic, payload: 'second', qos, retain: true, properties });
      await client.raw.expectNothing(50);
    });

    it(`an empty one is delivered, takes away what was there and is not kept itself, QoS ${qos} [MQTT-3.3.1-6] [MQTT-3.3.1-7]`, async () => {
      const topic = wire.name('kept');
      await wire.published({ topic, payload: 'kept', qos: 1, retain: true });
      const early = await wire.subscribed(topic, 0, {}, { retainHandling: 2 });
      await wire.published({ topic, qos, retain: true });
      await early.publish({ topic, payload: '', retain: false });
      const late = await wire.subscribed(topic, 2);
      await late.raw.expectNothing(50);
    });

    it(`PUBLISH with RETAIN 0 is not kept and changes nothing, QoS ${qos} [MQTT-3.3.1-8]`, async () => {
      const own = wire.name('kept');
      const topic = `${own}/a`;
      await wire.published(
        { topic, payload: 'kept', qos: 1, retain: true },
        { topic, payload: 'passing', qos },
        { topic, payload: '', qos },
        { topic: `${own}/b`, payload: 'passing', qos },
      );
      const client = await wire.subscribed(`${own}/+`, 2);
      await client.publish({ topic, payload: 'kept', retain: true });
      await client.raw.expectNothing(50);
    });
  }

  it('one that is removed by its own subscriber does not come back', async () => {
    const topic = wire.name('kept');
    const client = await wire.subscribed(topic, 1);
    client.send(publish5({ topic, payload: 'kept', retain: true }));
    await client.publish({ payload: 'kept', retain: false });
    client.send(publish5({ topic, retain: true }));
    await client.publish({ payload: '', retain: false });
    client.send(unsubscribe5(2, [topic]));
    await client.unsuback(2, 0);
    await wire.subscribe(client, topic, 1);
    await client.raw.expectNothing(50);
  });
});
