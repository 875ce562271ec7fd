import { pubrec, publish, pubrel, suback, subscribe, unsubscribe } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 10 the fixed header of what the server sends', () => {
  const wire = useWire();

  it('has the reserved flags of table 2.2 [MQTT-2.2.2-1]', async () => {
    const topic = wire.name('flags');
    const client = await wire.open();
    client.send('10 11 00 04 4d 51 54 54 04 02 00 3c 00 05 66 6c 61 67 73');
    await client.expect('20 02 00 00');
    client.send('c0 00');
    await client.expect('d0 00');
    client.send(subscribe(2, [topic, 2]));
    await client.expect('90 03 00 02 02');
    const sender = await wire.connected();
    sender.send(publish({ topic, qos: 1, id: 3 }));
    await sender.expect('40 02 00 03');
    await client.expect(publish({ topic, qos: 1, id: 1 }));
    client.send('40 02 00 01');
    sender.send(publish({ topic, qos: 2, id: 4 }));
    await sender.expect('50 02 00 04');
    sender.send(pubrel(4));
    await sender.expect('70 02 00 04');
    await client.expect(publish({ topic, qos: 2, id: 2 }));
    client.send(pubrec(2));
    await client.expect('62 02 00 02');
    client.send('70 02 00 02', unsubscribe(5, topic));
    await client.expect('b0 02 00 05');
  });

  it('has RETAIN and DUP only where they belong [MQTT-2.2.2-1]', async () => {
    const topic = wire.name('flags');
    const client = await wire.connected();
    client.send(subscribe(1, [topic, 1]));
    await client.expect(suback(1, 1));
    for (const qos of [0, 1] as const) {
      client.send(publish({ topic, payload: 'x', qos, id: 9 }));
      const frames = [await client.readFrame(), ...(qos === 0 ? [] : [await client.readFrame()])];
      const firsts = frames.map(({ first }) => first).sort();
      if (firsts.join() !== (qos === 0 ? '48' : '50,64')) throw new Error(firsts.join());
    }
  });
});
