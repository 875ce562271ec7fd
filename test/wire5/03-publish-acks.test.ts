import { frame, hex, uint16 } from '../helpers/packets.ts';
import { ack5, publish5 } from '../helpers/packets5.ts';
import type { Properties } from '../helpers/properties5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { expect } from 'chai';
import { LENIENT, type Malformed } from '../wire/malformed.ts';
import { useWire5 } from './wire5.ts';

const NOT_FOUND = 0x92;

describe('wire5: 03 acknowledgements', () => {
  const wire = useWire5();

  for (const info of [0, 1] as const) {
    it(`PUBACK, PUBREC and PUBCOMP have the id of their PUBLISH, and no reason string on success, request problem information ${info} [MQTT-2.2.1-5] [MQTT-3.1.2-29] [MQTT-3.3.4-1]`, async () => {
      const topic = wire.name('acks');
      await wire.subscribed(topic, 2);
      const client = await wire.connected({ properties: [['requestProblemInformation', info]] });
      client.send(publish5({ topic, payload: '1', qos: 1, id: 65_535 }));
      const puback = await client.ack('puback', 65_535);
      client.send(publish5({ topic, payload: '2', qos: 2, id: 256 }));
      const pubrec = await client.ack('pubrec', 256);
      client.send(ack5('pubrel', 256));
      const pubcomp = await client.ack('pubcomp', 256);
      for (const packet of [puback, pubrec, pubcomp]) expect(packet.properties).to.deep.equal([]);
    });
  }

  it('0x10 is said only where nobody subscribes [MQTT-3.4.2-1] [MQTT-3.5.2-1]', async () => {
    const topic = wire.name('acks');
    const client = await wire.connected();
    client.send(publish5({ topic, payload: '1', qos: 1, id: 1 }));
    await client.accepted('puback', 1);
    client.send(publish5({ topic, payload: '2', qos: 2, id: 2 }));
    await client.accepted('pubrec', 2);
    // 0x10 is no error: the flow goes on.
    client.send(ack5('pubrel', 2));
    await client.ack('pubcomp', 2);
  });

  it('PUBREL of an unknown id is answered with PUBCOMP 0x92 [MQTT-3.7.2-1]', async () => {
    const client = await wire.connected();
    client.send(ack5('pubrel', 77));
    // mosquitto 2.0 says 0.
    await client.ack('pubcomp', 77, NOT_FOUND, ...(isMosquitto ? [0] : []));
    await client.ping();
  });

  it('PUBREL in every form is answered [MQTT-4.3.3-11]', async () => {
    const topic = wire.name('acks');
    const client = await wire.connected();
    const forms: readonly (readonly [code?: number, list?: Properties])[] = [
      [],
      [0x00],
      [
        0x00,
        [
          ['reasonString', 'x'],
          ['user', ['a', 'b']],
          ['user', ['a', 'b']],
        ],
      ],
      [NOT_FOUND],
    ];
    for (const [i, form] of forms.entries()) {
      client.send(publish5({ topic, payload: 'x', qos: 2, id: i + 1 }));
      await client.accepted('pubrec', i + 1);
      client.send(ack5('pubrel', i + 1, ...form));
      await client.ack('pubcomp', i + 1);
    }
  });

  it('PUBREC of an unknown id is answered with PUBREL 0x92 [MQTT-3.6.2-1]', async function () {
    // mosquitto closes.
    if (isMosquitto) this.skip();
    const client = await wire.connected();
    client.send(ack5('pubrec', 77));
    await client.ack('pubrel', 77, NOT_FOUND);
    client.send(ack5('pubcomp', 77, NOT_FOUND));
    await client.ping();
  });

  it('PUBREC with an error for an unknown id is not answered', async function () {
    if (isMosquitto) this.skip();
    const client = await wire.connected();
    client.send(ack5('pubrec', 77, 0x80));
    await client.ping();
  });

  it('PUBACK and PUBCOMP of an unknown id are passed over', async function () {
    if (isMosquitto) this.skip();
    const client = await wire.connected();
    client.send(ack5('puback', 77), ack5('pubcomp', 78), ack5('pubcomp', 79, NOT_FOUND));
    await client.ping();
  });

  it('PUBREC with an error ends the flow: no PUBREL, and not again after a reconnect [MQTT-4.3.3-4] [MQTT-4.4.0-2]', async () => {
    const topic = wire.name('acks');
    const clientId = wire.name('session');
    const client = await wire.lasting(clientId);
    await wire.subscribe(client, topic, 2);
    await wire.published({ topic, payload: 'x', qos: 2 });
    const { id } = await client.publish({ payload: 'x', qos: 2 });
    client.send(ack5('pubrec', id, 0x80));
    await client.ping();
    await client.raw.drop();
    const again = await wire.lasting(clientId, true);
    await again.raw.expectNothing();
  });

  it('a repeated PUBLISH with DUP is answered again and not delivered again [MQTT-4.3.3-10]', async () => {
    const topic = wire.name('acks');
    const receiver = await wire.subscribed(topic, 2);
    const client = await wire.connected();
    client.send(
      publish5({ topic, payload: 'x', qos: 2, id: 1 }),
      publish5({ topic, payload: 'x', qos: 2, id: 1, dup: true }),
    );
    await client.accepted('pubrec', 1);
    await client.accepted('pubrec', 1);
    client.send(ack5('pubrel', 1));
    await client.ack('pubcomp', 1);
    await receiver.publish({ payload: 'x', dup: false });
    await receiver.raw.expectNothing(50);
  });

  it('come in the order of their packets [MQTT-4.6.0-2] [MQTT-4.6.0-3] [MQTT-4.6.0-4]', async () => {
    const topic = wire.name('acks');
    const client = await wire.connected();
    const ids = Array.from({ length: 10 }, (_, i) => 10 - i);
    client.send(
      ...ids.map((id) => publish5({ topic, payload: 'x', qos: id % 2 === 0 ? 1 : 2, id })),
    );
    const seen = { puback: [] as number[], pubrec: [] as number[] };
    for (let i = 0; i < ids.length; i++) {
      const packet = await client.read();
      if (packet.type === 'puback' || packet.type === 'pubrec') seen[packet.type].push(packet.id);
    }
    expect(seen).to.deep.equal({ puback: [10, 8, 6, 4, 2], pubrec: [9, 7, 5, 3, 1] });
    client.send(...seen.pubrec.map((id) => ack5('pubrel', id)));
    for (const id of seen.pubrec) await client.ack('pubcomp', id);
  });

  const wrong: Malformed = [
    ['PUBACK with a code that it does not have', frame(0x40, uint16(1), hex('7f')), LENIENT],
    ['PUBREL with flags 0 [MQTT-3.6.1-1]', hex('60 02 00 01')],
    ['PUBACK with flags [MQTT-2.1.3-1]', hex('41 02 00 01'), LENIENT],
    ['PUBACK without its id', hex('40 01 00')],
    ['PUBACK with id 0 [MQTT-2.2.1-5]', hex('40 02 00 00')],
    ['PUBACK with a property it must not have', ack5('puback', 1, 0, [['contentType', 'x']])],
    [
      'PUBREC with two reason strings',
      ack5('pubrec', 1, 0, [
        ['reasonString', 'x'],
        ['reasonString', 'y'],
      ]),
    ],
    ['PUBCOMP with bytes left over', hex('70 05 00 01 00 00 00'), LENIENT],
  ];
  for (const [what, packet, lenient] of wrong) {
    it(`are answered with DISCONNECT when wrong: ${what} [MQTT-4.13.1-1]`, async function () {
      if (isMosquitto && lenient === LENIENT) this.skip();
      const client = await wire.connected();
      client.send(packet);
      await client.disconnected(0x81, 0x82);
    });
  }
});
