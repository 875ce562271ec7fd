import { expect } from 'chai';
import { puback, publish, suback, subscribe } from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire } from './wire.ts';

const MAX_ID = 65_535;

describe('wire: 03 packet ids of deliveries', () => {
  const wire = useWire();

  it('count up from 1 in each session, whatever other clients receive [MQTT-2.3.1-1]', async () => {
    const topic = wire.name('count');
    const early = await wire.subscribed(topic, 1);
    const sender = await wire.connected();
    sender.send(publish({ topic, payload: 'a', qos: 1, id: 900 }));
    await early.expect(publish({ topic, payload: 'a', qos: 1, id: 1 }));
    const late = await wire.subscribed(topic, 2);
    for (const [i, payload] of ['b', 'c', 'd'].entries()) {
      sender.send(publish({ topic, payload, qos: 1, id: 901 + i }));
      await early.expect(publish({ topic, payload, qos: 1, id: i + 2 }));
      await late.expect(publish({ topic, payload, qos: 1, id: i + 1 }));
      early.send(puback(i + 2));
    }
  });

  it('count over all subscriptions of a session together and skip QoS 0', async () => {
    const own = wire.name('together');
    const client = await wire.connected();
    client.send(subscribe(1, [`${own}/a`, 1], [`${own}/b/#`, 1], [`${own}/c`, 0]));
    await client.expect(suback(1, 1, 1, 0));
    const sender = await wire.connected();
    const ids: number[] = [];
    for (const topic of ['a', 'c', 'b/x', 'a', 'c', 'b/y']) {
      sender.send(publish({ topic: `${own}/${topic}`, qos: 1, id: 77 }));
      await sender.expect(puback(77));
      ids.push((await client.readPublish()).id);
    }
    expect(ids).to.deep.equal([1, 0, 2, 3, 0, 4]);
  });

  it('wrap from 65535 to 1 and never reuse one in flight [MQTT-2.3.1-4]', async function () {
    // mosquitto does not look whether an id is in flight.
    if (isMosquitto) this.skip();
    this.timeout(30_000);
    const topic = wire.name('wrap');
    const client = await wire.subscribed(topic, 1);
    const sender = await wire.connected();
    let expected = 0;
    let next = 0;
    /** Lets `count` messages through and acknowledges all but ids 1 and 2. */
    const pass = async (count: number): Promise<void> => {
      const batch = Array.from({ length: count }, () => {
        next = (next % MAX_ID) + 1;
        return publish({ topic, payload: 'w', qos: 1, id: next });
      });
      sender.send(...batch);
      for (let i = 0; i < count; i++) {
        do expected = (expected % MAX_ID) + 1;
        while (total > 2 && expected <= 2);
        const packet = await client.readPublish();
        if (packet.id !== expected) expect(packet.id).to.equal(expected);
        total += 1;
        if (packet.id > 2) client.send(puback(packet.id));
      }
    };
    let total = 0;
    await pass(2);
    while (total < MAX_ID + 100) await pass(500);
  });
});
