import { connack, connect, publish, puback, suback, subscribe } from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { levels, LIMITED, LIMITS, topicOf } from './limits.ts';
import { useWire } from './wire.ts';

describe('wire: 12 limits: topic levels and length', () => {
  // mosquitto's limit of levels is 200, that of the length MQTT's own.
  if (isMosquitto) return;
  const wire = useWire(LIMITED);
  const allowed = [levels(LIMITS.topicLevels), topicOf(LIMITS.topicLength)];
  const refused = [levels(LIMITS.topicLevels + 1), topicOf(LIMITS.topicLength + 1)];

  it('takes a topic name of exactly the limit', async () => {
    const client = await wire.connected();
    for (const topic of allowed) {
      client.send(publish({ topic, qos: 1, id: 1 }));
      await client.expect(puback(1));
    }
  });

  for (const topic of refused) {
    it(`closes on a PUBLISH over it: ${topic}`, async () => {
      const client = await wire.connected();
      client.send(publish({ topic, qos: 1, id: 1 }));
      await client.expectClose();
    });

    it(`refuses a will over it: ${topic}`, async () => {
      const client = await wire.open();
      client.send(connect({ clientId: wire.name('will'), will: { topic, payload: '' } }));
      await client.expect(connack(3, false));
      await client.expectClose();
    });
  }

  it('answers a filter over it with SUBACK 0x80 [MQTT-3.9.3-2]', async () => {
    const client = await wire.connected();
    const filters = [...allowed, ...refused].map((filter) => [filter, 1] as const);
    client.send(subscribe(7, ...filters));
    await client.expect(suback(7, 1, 1, 0x80, 0x80));
  });
});
