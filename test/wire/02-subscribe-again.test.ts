import { puback, publish, suback, subscribe } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 02 SUBSCRIBE to the same filter again', () => {
  const wire = useWire();

  for (const filterOf of [(own: string) => own, (own: string) => `${own}/#`]) {
    it(`replaces the QoS of '${filterOf('x')}' and sends one copy [MQTT-3.8.4-3]`, async () => {
      const topic = wire.name('again');
      const client = await wire.subscribed(filterOf(topic), 1);
      const sender = await wire.connected();
      client.send(subscribe(2, [filterOf(topic), 0]));
      await client.expect(suback(2, 0));
      sender.send(publish({ topic, payload: 'first', qos: 1, id: 1 }));
      await sender.expect(puback(1));
      await client.expect(publish({ topic, payload: 'first', qos: 0 }));
      await client.expectNothing(50);
      client.send(subscribe(3, [filterOf(topic), 1]));
      await client.expect(suback(3, 1));
      sender.send(publish({ topic, payload: 'second', qos: 1, id: 2 }));
      await client.expect(publish({ topic, payload: 'second', qos: 1, id: 1 }));
      await client.expectNothing(50);
    });
  }

  it('does not interrupt the flow of messages [MQTT-3.8.4-3]', async () => {
    const topic = wire.name('again');
    const client = await wire.subscribed(topic, 1);
    const sender = await wire.connected();
    for (let i = 1; i <= 10; i++) {
      sender.send(publish({ topic, payload: `m${String(i)}`, qos: 1, id: i }));
      await client.expect(publish({ topic, payload: `m${String(i)}`, qos: 1, id: i }));
      client.send(puback(i), subscribe(i, [topic, 1]));
      await client.expect(suback(i, 1));
    }
    await client.expectNothing(50);
  });
});
