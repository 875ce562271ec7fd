import { describeMalformed, LENIENT } from './malformed.ts';
import { PINGREQ, PINGRESP, puback, pubcomp, publish, pubrec } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describeMalformed('acknowledgements', [
  ['PUBACK without a packet id', '40 00'],
  ['PUBACK with one byte', '40 01 00'],
  ['PUBACK with a third byte', '40 03 00 01 00', LENIENT],
  ['PUBREC without a packet id', '50 00'],
  ['PUBREC with a third byte', '50 03 00 01 00', LENIENT],
  ['PUBREL with one byte', '62 01 00'],
  ['PUBREL with a third byte', '62 03 00 01 00', LENIENT],
  ['PUBCOMP without a packet id', '70 00'],
  ['PUBCOMP with a third byte', '70 03 00 01 00', LENIENT],
]);

describe('wire: 13 acknowledgements that nothing waits for', () => {
  const wire = useWire();

  it('tolerates PUBACK and PUBCOMP of unknown ids', async () => {
    const client = await wire.connected();
    client.send(puback(1), puback(65535), pubcomp(1), pubcomp(77), PINGREQ);
    await client.expect(PINGRESP);
  });

  it('tolerates PUBREC of an unknown id, with or without a PUBREL', async () => {
    const client = await wire.connected();
    client.send(pubrec(42), PINGREQ);
    const first = await client.readPacket();
    if (first.type === 'pubrel') await client.expect(PINGRESP);
    else if (first.type !== 'pingresp') throw new Error(`unexpected ${first.type}`);
  });

  it('does not lose or repeat messages over wrong acknowledgements', async () => {
    const topic = wire.name('wrong');
    const client = await wire.subscribed(topic, 1);
    const sender = await wire.connected();
    sender.send(publish({ topic, payload: 'a', qos: 1, id: 1 }));
    await client.expect(publish({ topic, payload: 'a', qos: 1, id: 1 }));
    client.send(puback(2), puback(3), puback(1), puback(1), puback(1), PINGREQ);
    await client.expect(PINGRESP);
    for (const [i, payload] of ['b', 'c', 'd'].entries()) {
      sender.send(publish({ topic, payload, qos: 1, id: i + 2 }));
      await client.expect(publish({ topic, payload, qos: 1, id: i + 2 }));
    }
  });

  it('tolerates PUBACK for a message at QoS 2 and PUBCOMP before PUBREC', async () => {
    const topic = wire.name('kind');
    const client = await wire.subscribed(topic, 2);
    const sender = await wire.connected();
    sender.send(publish({ topic, payload: 'a', qos: 2, id: 1 }));
    await sender.expect('50 02 00 01');
    sender.send('62 02 00 01');
    await client.expect(publish({ topic, payload: 'a', qos: 2, id: 1 }));
    client.send(puback(1), pubcomp(1));
    // Closing such a client would be right as well; what must not happen is harm to others.
    const other = await wire.subscribed(topic, 1);
    sender.send(publish({ topic, payload: 'b', qos: 1, id: 2 }));
    await other.expect(publish({ topic, payload: 'b', qos: 1, id: 1 }));
  });
});
