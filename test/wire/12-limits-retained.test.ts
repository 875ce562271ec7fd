import { puback, publish, suback, subscribe } from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire } from './wire.ts';

describe('wire: 12 limits: retained messages', () => {
  // mosquitto has no such limit.
  if (isMosquitto) return;
  const wire = useWire({ environment: { LMQTT_CONNECT_MAX_RETAINED_MESSAGES: '2' } });

  it('delivers one too many and does not retain it, and updates those that are there', async () => {
    const live = await wire.subscribed('r/#', 0);
    const client = await wire.connected();
    for (const [id, topic, payload] of [
      [1, 'r/1', 'a'],
      [2, 'r/2', 'b'],
      [3, 'r/3', 'c'],
      [4, 'r/1', 'd'],
    ] as const) {
      client.send(publish({ topic, qos: 1, id, payload, retain: true }));
      await client.expect(puback(id));
      await live.expect(publish({ topic, payload }));
    }
    client.send(subscribe(1, ['r/3', 0]));
    await client.expect(suback(1, 0));
    await client.expectNothing();
    client.send(subscribe(2, ['r/2', 0]));
    await client.expect(suback(2, 0), publish({ topic: 'r/2', payload: 'b', retain: true }));
    client.send(subscribe(3, ['r/1', 0]));
    await client.expect(suback(3, 0), publish({ topic: 'r/1', payload: 'd', retain: true }));
  });
});
