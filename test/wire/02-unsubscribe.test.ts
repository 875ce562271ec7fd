import { puback, publish, suback, subscribe, unsuback, unsubscribe } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 02 UNSUBSCRIBE', () => {
  const wire = useWire();

  for (const qos of [0, 1] as const) {
    it(`stops new messages at QoS ${String(qos)} [MQTT-3.10.4-1] [MQTT-3.10.4-2] [MQTT-3.10.4-4] [MQTT-2.3.1-7]`, async () => {
      const topic = wire.name('stop');
      const client = await wire.subscribed(topic, qos);
      const sender = await wire.connected();
      client.send(unsubscribe(0x4321, topic));
      await client.expect('b0 02 43 21');
      sender.send(publish({ topic, payload: 'x', qos: 1, id: 1 }));
      await sender.expect(puback(1));
      await client.expectNothing();
    });
  }

  it('answers for a filter that was never subscribed [MQTT-3.10.4-5]', async () => {
    const client = await wire.connected();
    client.send(unsubscribe(5, wire.name('never'), '#', '+/a'));
    await client.expect(unsuback(5));
  });

  it('compares filters character by character [MQTT-3.10.4-1]', async () => {
    const own = wire.name('exact');
    const client = await wire.subscribed(`${own}/+`, 0);
    client.send(unsubscribe(2, `${own}/#`, `${own}/a`, `${own}/`, own));
    await client.expect(unsuback(2));
    client.send(publish({ topic: `${own}/a`, payload: 'still here' }));
    await client.expect(publish({ topic: `${own}/a`, payload: 'still here' }));
  });

  it('takes several filters in one packet and leaves the others [MQTT-3.10.4-6]', async () => {
    const own = wire.name('several');
    const client = await wire.connected();
    client.send(subscribe(1, [`${own}/a`, 0], [`${own}/b`, 0], [`+/${own}/c`, 0]));
    await client.expect(suback(1, 0, 0, 0));
    client.send(unsubscribe(2, `${own}/a`, `+/${own}/c`));
    await client.expect(unsuback(2));
    for (const topic of [`${own}/a`, `x/${own}/c`, `${own}/b`])
      client.send(publish({ topic, payload: 'x' }));
    await client.expect(publish({ topic: `${own}/b`, payload: 'x' }));
    await client.expectNothing(50);
  });

  it('leaves the subscription of another client with the same filter', async () => {
    const filter = `${wire.name('shared')}/#`;
    const topic = filter.replace('#', 'x');
    const leaver = await wire.subscribed(filter, 1);
    const stayer = await wire.subscribed(filter, 1);
    leaver.send(unsubscribe(2, filter));
    await leaver.expect(unsuback(2));
    const sender = await wire.connected();
    sender.send(publish({ topic, payload: 'x', qos: 1, id: 1 }));
    await stayer.expect(publish({ topic, payload: 'x', qos: 1, id: 1 }));
    await leaver.expectNothing(50);
  });

  it('starts anew when subscribed again: nothing of the time between is delivered', async () => {
    const topic = wire.name('gap');
    const client = await wire.subscribed(topic, 1);
    const sender = await wire.connected();
    client.send(unsubscribe(2, topic));
    await client.expect(unsuback(2));
    sender.send(publish({ topic, payload: 'between', qos: 1, id: 1 }));
    await sender.expect(puback(1));
    client.send(subscribe(3, [topic, 1]));
    await client.expect(suback(3, 1));
    sender.send(publish({ topic, payload: 'after', qos: 1, id: 2 }));
    await client.expect(publish({ topic, payload: 'after', qos: 1, id: 1 }));
  });
});
