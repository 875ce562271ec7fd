import { useWire5 } from './wire5.ts';

describe('wire5: 09 will and RETAIN', () => {
  const wire = useWire5();

  for (const qos of [0, 1, 2] as const) {
    it(`will retain 0: it is published and not kept, QoS ${qos} [MQTT-3.1.2-14]`, async () => {
      const topic = wire.name('will');
      const options = { retainAsPublished: true };
      const watcher = await wire.subscribed(topic, qos, {}, options);
      const client = await wire.connected({ will: { topic, payload: 'gone', qos } });
      await client.raw.drop();
      await watcher.publish({ topic, payload: 'gone', qos, retain: false });
      const late = await wire.subscribed(topic, qos);
      await late.raw.expectNothing(50);
    });

    it(`will retain 1: it is published and kept, with its properties, QoS ${qos} [MQTT-3.1.2-15]`, async () => {
      const topic = wire.name('will');
      const options = { retainAsPublished: true };
      const properties = [['contentType', 'text/plain']] as const;
      const watcher = await wire.subscribed(topic, qos, {}, options);
      const will = { topic, payload: 'gone', qos, retain: true, properties };
      const client = await wire.connected({ will });
      await client.raw.drop();
      await watcher.publish({ topic, payload: 'gone', qos, retain: true, properties });
      const late = await wire.subscribed(topic, qos);
      await late.publish({ topic, payload: 'gone', qos, retain: true, properties });
    });
  }
});
