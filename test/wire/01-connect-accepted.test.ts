import { connect, DISCONNECT, PINGREQ, PINGRESP } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 01 CONNECT is accepted', () => {
  const wire = useWire();

  it('answers CONNACK 0 without session present for a clean session [MQTT-3.1.4-4] [MQTT-3.2.0-1] [MQTT-3.2.2-1]', async () => {
    const client = await wire.open();
    client.send('10 10 00 04 4d 51 54 54 04 02 00 3c 00 04 77 69 72 65');
    await client.expect('20 02 00 00');
  });

  it('accepts client ids of 1 to 23 letters and digits [MQTT-3.1.3-5]', async () => {
    for (const clientId of [
      'a',
      '0123456789abcdefghijklm',
      'nopqrstuvwxyzABCDEFGHIJ',
      'KLMNOPQRSTUVWXYZ',
    ]) {
      await wire.connected({ clientId });
    }
  });

  it('accepts client ids that are names of JavaScript properties', async () => {
    for (const clientId of ['toString', '__proto__', 'constructor', 'hasOwnProperty']) {
      const client = await wire.connected({ clientId });
      client.send(PINGREQ);
      await client.expect(PINGRESP);
    }
  });

  it('accepts a client id of other characters than letters and digits [MQTT-3.1.3-4]', async () => {
    await wire.connected({ clientId: 'größe/%/客户端/🚀' });
  });

  it('accepts a CONNECT with a will', async () => {
    const will = { topic: wire.name('will'), payload: 'gone', qos: 1, retain: true } as const;
    const client = await wire.connected({ will });
    client.send(DISCONNECT);
    await client.expectClose();
  });

  it('accepts a CONNECT that comes byte by byte', async () => {
    const client = await wire.open();
    await client.sendByteByByte(connect({ clientId: wire.name('slow') }));
    await client.expect('20 02 00 00');
  });

  it('keeps connections apart that send at the same time', async () => {
    const clients = await Promise.all(Array.from({ length: 50 }, () => wire.connected()));
    for (const client of clients) client.send(PINGREQ);
    await Promise.all(clients.map((client) => client.expect(PINGRESP)));
  });
});
