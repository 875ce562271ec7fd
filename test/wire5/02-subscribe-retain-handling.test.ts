import { useWire5 } from './wire5.ts';

describe('wire5: 02 retain handling', () => {
  const wire = useWire5();

  async function retained(): Promise<string> {
    const topic = wire.name('kept');
    await wire.published({ topic, payload: 'kept', qos: 1, retain: true });
    return topic;
  }

  it('0: the retained message comes with each SUBSCRIBE [MQTT-3.3.1-9] [MQTT-3.8.4-4]', async () => {
    const topic = await retained();
    const client = await wire.subscribed(topic, 0, {}, { retainHandling: 0 });
    await client.publish({ topic, payload: 'kept', retain: true });
    await wire.subscribe(client, topic, 0, { retainHandling: 0 });
    await client.publish({ topic, payload: 'kept', retain: true });
  });

  it('1: it comes with a new subscription only [MQTT-3.3.1-10]', async () => {
    const topic = await retained();
    const client = await wire.subscribed(topic, 0, {}, { retainHandling: 1 });
    await client.publish({ topic, payload: 'kept', retain: true });
    await wire.subscribe(client, topic, 0, { retainHandling: 1 });
    await client.raw.expectNothing();
  });

  it('2: it does not come [MQTT-3.3.1-11]', async () => {
    const topic = await retained();
    const client = await wire.subscribed(topic, 0, {}, { retainHandling: 2 });
    await client.raw.expectNothing();
  });

  it('carries its properties and the subscription identifier', async () => {
    const topic = wire.name('kept');
    const properties = [['user', ['k', 'v']]] as const;
    await wire.published({ topic, payload: 'kept', qos: 1, retain: true, properties });
    const client = await wire.subscribed(topic, 1, {}, {}, [['subscriptionId', 5]]);
    const packet = await client.publish({ topic, payload: 'kept', retain: true, qos: 1 });
    const names = packet.properties.map(([name]) => name).sort();
    if (names.join() !== 'subscriptionId,user') throw new Error(`properties: ${names.join()}`);
  });
});
