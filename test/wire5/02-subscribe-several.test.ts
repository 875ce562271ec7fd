import { subscribe5, unsubscribe5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 02 several filters in one packet', () => {
  const wire = useWire5();

  it('are as many SUBSCRIBEs, one after the other, with one SUBACK [MQTT-3.8.4-5]', async () => {
    const topic = wire.name('several');
    const client = await wire.connected();
    client.send(
      subscribe5(7, [
        [topic, 0],
        [`${topic}/+`, 1],
        [topic, 2],
      ]),
    );
    await client.suback(7, 0, 1, 2);
    await wire.published(
      { topic, payload: 'a', qos: 2 },
      { topic: `${topic}/b`, payload: 'b', qos: 2 },
    );
    // The third has replaced the first.
    await client.publish({ topic, payload: 'a', qos: 2 });
    await client.publish({ topic: `${topic}/b`, payload: 'b', qos: 1 });
    await client.raw.expectNothing(50);
  });

  it('each brings its retained message, as SUBSCRIBEs would [MQTT-3.8.4-5]', async () => {
    const own = wire.name('several');
    for (const name of ['a', 'b']) {
      await wire.published({ topic: `${own}/${name}`, payload: name, qos: 1, retain: true });
    }
    const client = await wire.connected();
    client.send(
      subscribe5(1, [
        [`${own}/a`, 0],
        [`${own}/b`, 1],
      ]),
    );
    await client.suback(1, 0, 1);
    const payloads = [
      (await client.publish({ retain: true })).payload.toString(),
      (await client.publish({ retain: true })).payload.toString(),
    ];
    if (payloads.sort().join() !== 'a,b') throw new Error(`came: ${payloads.join()}`);
    await client.raw.expectNothing(50);
  });

  it('with the same filter among them bring its retained message as many times, but where retain handling says no [MQTT-3.8.4-5] [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]', async () => {
    const topic = wire.name('several');
    await wire.published({ topic, payload: 'kept', qos: 1, retain: true });
    const client = await wire.connected();
    for (const [retainHandling, expected] of [
      [1, 1],
      [0, 3],
      [2, 0],
    ] as const) {
      const asked = [topic, 0, { retainHandling }] as const;
      client.send(subscribe5(1, [asked, asked, asked]));
      await client.suback(1, 0, 0, 0);
      for (let i = 0; i < expected; i++) {
        await client.publish({ topic, payload: 'kept', retain: true });
      }
      await client.raw.expectNothing(50);
    }
  });

  it('are as many UNSUBSCRIBEs with one UNSUBACK [MQTT-3.10.4-6] [MQTT-3.10.4-1] [MQTT-3.10.4-2]', async function () {
    // mosquitto 2.0.11 says 0x11 only for the last, or not at all.
    if (isMosquitto) this.skip();
    const own = wire.name('several');
    const client = await wire.connected();
    for (const name of ['a', 'b', '+/c']) await wire.subscribe(client, `${own}/${name}`, 1);
    client.send(unsubscribe5(3, [`${own}/a`, `${own}/+`, `${own}/a`, `${own}/+/c`]));
    await client.unsuback(3, 0x00, 0x11, 0x11, 0x00);
    await wire.published(
      { topic: `${own}/a`, payload: 'a', qos: 1 },
      { topic: `${own}/x/c`, payload: 'c', qos: 1 },
      { topic: `${own}/b`, payload: 'b', qos: 1 },
    );
    await client.publish({ topic: `${own}/b`, payload: 'b' });
    await client.raw.expectNothing(50);
  });
});
