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
