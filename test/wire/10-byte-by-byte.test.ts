import {
  connect,
  DISCONNECT,
  PINGREQ,
  PINGRESP,
  puback,
  pubcomp,
  publish,
  pubrec,
  pubrel,
  suback,
  subscribe,
  unsuback,
  unsubscribe,
} from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 10 remaining lengths with a byte too many', () => {
  const wire = useWire();

  it('are read as any others: MQTT 3.1.1 does not say that they have to be short (§2.2.3)', async () => {
    const padded = (packet: Buffer): Buffer => {
      const length = [(packet[1] as number) | 0x80, 0];
      return Buffer.concat([packet.subarray(0, 1), Buffer.from(length), packet.subarray(2)]);
    };
    const topic = wire.name('padded');
    const client = await wire.open();
    client.send(padded(connect({ clientId: wire.name('padded') })));
    await client.expect('20 02 00 00');
    client.send(padded(subscribe(1, [topic, 1])));
    await client.expect(suback(1, 1));
    client.send(padded(publish({ topic, payload: 'x', qos: 0 })));
    await client.expect(publish({ topic, payload: 'x', qos: 0 }));
    client.send(padded(unsubscribe(2, topic)), padded(PINGREQ));
    await client.expect(unsuback(2), PINGRESP);
    client.send(padded(DISCONNECT));
    await client.expectClose();
  });
});

describe('wire: 10 packets that come byte by byte', () => {
  const wire = useWire();

  it('are read like any others, each kind of them', async () => {
    const topic = wire.name('bytes');
    const client = await wire.open();
    await client.sendByteByByte(connect({ clientId: wire.name('bytes') }));
    await client.expect('20 02 00 00');
    await client.sendByteByByte(subscribe(1, [topic, 2], [`${topic}/other`, 0]));
    await client.expect(suback(1, 2, 0));
    await client.sendByteByByte(PINGREQ);
    await client.expect(PINGRESP);
    const sender = await wire.connected();
    const payload = 'x'.repeat(300);
    await sender.sendByteByByte(publish({ topic, payload, qos: 1, id: 7 }));
    await sender.expect(puback(7));
    await client.expect(publish({ topic, payload, qos: 1, id: 1 }));
    await client.sendByteByByte(puback(1));
    await sender.sendByteByByte(publish({ topic, payload, qos: 2, id: 8 }));
    await sender.expect(pubrec(8));
    await sender.sendByteByByte(pubrel(8));
    await sender.expect(pubcomp(8));
    await client.expect(publish({ topic, payload, qos: 2, id: 2 }));
    await client.sendByteByByte(pubrec(2));
    await client.expect(pubrel(2));
    await client.sendByteByByte(pubcomp(2));
    await client.sendByteByByte(unsubscribe(3, topic));
    await client.expect(unsuback(3));
    await client.sendByteByByte(DISCONNECT);
    await client.expectClose();
  });
});
