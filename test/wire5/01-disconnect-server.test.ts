import { expect } from 'chai';
import { hex } from '../helpers/packets.ts';
import { connect5, decode5, publish5, subscribe5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import type { Bytes } from '../helpers/raw-client.ts';
import { useWire5 } from './wire5.ts';

/** The reason codes of a DISCONNECT that a server may send (§3.14.2.1). */
const CODES = [
  0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96,
  0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
];

const CAUSES: readonly (readonly [what: string, packet: Bytes])[] = [
  ['a second CONNECT', connect5({ clientId: 'again' })],
  ['a packet of type 0', hex('00 00')],
  ['PINGREQ with flags', hex('c1 00')],
  [
    'a topic alias over the maximum',
    publish5({ topic: 'a', properties: [['topicAlias', 65_535]] }),
  ],
  ['a wildcard in a topic', publish5({ topic: 'a/#' })],
  ['SUBSCRIBE without an id', subscribe5(0, [['a', 0]])],
  ['AUTH that nobody asked for', hex('f0 00')],
];

describe('wire5: 01 DISCONNECT of the server', () => {
  // mosquitto closes without one, most times.
  if (isMosquitto) return;
  const wire = useWire5();

  for (const [what, cause] of CAUSES) {
    it(`has one of its codes and no session expiry, and the close follows: ${what} [MQTT-3.14.2-1] [MQTT-3.14.2-2] [MQTT-3.14.4-2] [MQTT-4.13.2-1]`, async () => {
      const client = await wire.connected({ properties: [['sessionExpiry', 1]] });
      client.send(cause);
      const packet = await client.read();
      if (packet.type !== 'disconnect') throw new Error(`${packet.type} came`);
      expect(packet.code).to.be.oneOf(CODES);
      expect(packet.properties.map(([name]) => name)).to.not.include('sessionExpiry');
      await client.raw.expectClose();
    });

    it(`is no larger than the client takes: ${what} [MQTT-3.14.2-3] [MQTT-3.14.2-4]`, async () => {
      const maximum = 40;
      const properties = [['maximumPacketSize', maximum]] as const;
      const client = await wire.connected({ properties });
      client.send(cause);
      const { first, body } = await client.raw.readFrame();
      expect(decode5(first, body).type).to.equal('disconnect');
      expect(body.length + 2).to.be.at.most(maximum);
      await client.raw.expectClose();
    });
  }

  it('is the last packet, whatever waits for the client [MQTT-3.14.4-1]', async () => {
    const topic = wire.name('last');
    const client = await wire.subscribed(topic, 2, { properties: [['receiveMaximum', 2]] });
    const sender = await wire.connected();
    const waiting = Array.from({ length: 20 }, (_, i) =>
      publish5({ topic, payload: String(i), qos: 1, id: i + 1 }),
    );
    sender.send(...waiting);
    await client.publish({ payload: '0' });
    await client.publish({ payload: '1' });
    // Both acknowledged, so that more would be due, in the segment of what is wrong.
    client.send('40 02 00 01', '40 02 00 02', '00 00');
    sender.send(...Array.from({ length: 20 }, () => publish5({ topic, payload: 'zero' })));
    let packet = await client.read();
    while (packet.type === 'publish') packet = await client.read();
    expect(packet.type).to.equal('disconnect');
    await client.raw.expectClose();
  });

  it('is not said before CONNACK [MQTT-3.14.0-1]', async () => {
    const wrong = connect5({ clientId: 'x', properties: [['receiveMaximum', 0]] });
    for (const packet of [hex('00 00'), hex('e0 00'), publish5({ topic: 'a' }), wrong]) {
      const raw = await wire.v4.open();
      raw.send(packet);
      if (packet === wrong) expect((await raw.readFrame()).first).to.equal(0x20);
      await raw.expectClose();
    }
  });
});
