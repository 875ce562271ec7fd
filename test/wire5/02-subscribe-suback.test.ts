import { expect } from 'chai';
import { field, frame, hex, uint16 } from '../helpers/packets.ts';
import { ack5, publish5, subscribe5, unsubscribe5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { LENIENT, type Malformed } from '../wire/malformed.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 02 SUBACK and UNSUBACK', () => {
  const wire = useWire5();

  it('a code for each filter, in order, as exact bytes [MQTT-2.2.1-6] [MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-3.8.4-6] [MQTT-3.8.4-7] [MQTT-3.9.3-1]', async () => {
    const own = wire.name('filters');
    const client = await wire.connected();
    client.send(
      subscribe5(0x1234, [
        [`${own}/a`, 2],
        [`${own}/b`, 0],
        [`${own}/+`, 1],
      ]),
    );
    await client.raw.expect('90 06 12 34 00 02 00 01');
  });

  it('a subscription that is replaced changes its QoS [MQTT-3.8.4-3] [MQTT-3.8.4-8]', async () => {
    const topic = wire.name('filters');
    const client = await wire.subscribed(topic, 2);
    await wire.subscribe(client, topic, 0);
    await wire.published({ topic, payload: 'x', qos: 2 });
    await client.publish({ payload: 'x', qos: 0 });
    await client.raw.expectNothing(50);
  });

  it('user properties in SUBSCRIBE and UNSUBSCRIBE are accepted', async () => {
    const topic = wire.name('filters');
    const client = await wire.connected();
    const list = [
      ['user', ['a', 'b']],
      ['user', ['a', 'b']],
    ] as const;
    client.send(subscribe5(1, [[topic, 1]], list), unsubscribe5(2, [topic], list));
    await client.suback(1, 1);
    await client.unsuback(2, 0);
  });

  it('UNSUBACK says 0x00 or 0x11 for each filter, in order [MQTT-2.2.1-6] [MQTT-3.10.4-1] [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.10.4-6] [MQTT-3.11.3-1] [MQTT-3.11.3-2]', async () => {
    const own = wire.name('filters');
    const client = await wire.subscribed(`${own}/a`, 1);
    await wire.subscribe(client, `${own}/#`, 1);
    client.send(unsubscribe5(0xabcd, [`${own}/b`, `${own}/a`, `${own}/+`, `${own}/#`, `${own}/a`]));
    // mosquitto 2.0.11 says 0x11 only for the last, or not at all.
    if (isMosquitto) {
      expect((await client.read()).type).to.equal('unsuback');
    } else {
      await client.raw.expect('b0 08 ab cd 00 11 00 11 00 11');
    }
    await wire.published({ topic: `${own}/a`, payload: 'x', qos: 1 });
    await client.raw.expectNothing(50);
  });

  it('UNSUBSCRIBE lets what is on its way come to its end [MQTT-3.10.4-3]', async () => {
    const topic = wire.name('filters');
    const client = await wire.subscribed(topic, 2);
    await wire.published({ topic, payload: 'x', qos: 2 });
    const { id } = await client.publish({ payload: 'x', qos: 2 });
    client.send(unsubscribe5(2, [topic]));
    await client.unsuback(2, 0);
    client.send(ack5('pubrec', id));
    await client.ack('pubrel', id);
    client.send(ack5('pubcomp', id));
    await client.ping();
  });

  it('holds no reason string on success [MQTT-3.1.2-29]', async () => {
    const client = await wire.connected({ properties: [['requestProblemInformation', 0]] });
    client.send(subscribe5(1, [[wire.name('filters'), 1]]));
    expect((await client.suback(1, 1)).properties).to.deep.equal([]);
  });

  const malformed: Malformed = [
    ['SUBSCRIBE without a filter [MQTT-3.8.3-2]', frame(0x82, uint16(1), hex('00'))],
    ['SUBSCRIBE with id 0 [MQTT-2.2.1-3]', subscribe5(0, [['a', 1]])],
    [
      'SUBSCRIBE with flags 0 [MQTT-3.8.1-1]',
      frame(0x80, uint16(1), hex('00'), field('a'), hex('00')),
    ],
    ['SUBSCRIBE without options', frame(0x82, uint16(1), hex('00'), field('a'))],
    ['SUBSCRIBE with a property it must not have', subscribe5(1, [['a', 1]], [['topicAlias', 1]])],
    [
      'SUBSCRIBE with a filter that is not UTF-8 [MQTT-3.8.3-1]',
      frame(0x82, uint16(1), hex('00'), field(hex('c3 28')), hex('00')),
    ],
    [
      'SUBSCRIBE with U+0000 in its filter [MQTT-4.7.3-2]',
      frame(0x82, uint16(1), hex('00'), field('a\u0000'), hex('00')),
    ],
    ['UNSUBSCRIBE without a filter [MQTT-3.10.3-2]', frame(0xa2, uint16(1), hex('00'))],
    ['UNSUBSCRIBE with id 0 [MQTT-2.2.1-3]', unsubscribe5(0, ['a'])],
    ['UNSUBSCRIBE with flags 0 [MQTT-3.10.1-1]', frame(0xa0, uint16(1), hex('00'), field('a'))],
    [
      'UNSUBSCRIBE with a property it must not have',
      unsubscribe5(1, ['a'], [['subscriptionId', 1]]),
    ],
    [
      'UNSUBSCRIBE with a filter that is not UTF-8 [MQTT-3.10.3-1]',
      frame(0xa2, uint16(1), hex('00'), field(hex('c3 28'))),
    ],
  ];
  for (const [what, packet, lenient] of malformed) {
    it(`is not sent, but DISCONNECT, for ${what} [MQTT-4.13.1-1]`, async function () {
      if (isMosquitto && lenient === LENIENT) this.skip();
      const client = await wire.connected();
      client.send(packet);
      await client.disconnected(0x81, 0x82);
    });
  }

  for (const filter of ['a/#/b', 'a#', 'a+/b', '']) {
    it(`says 0x8F for '${filter}', or DISCONNECT [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1]`, async function () {
      if (isMosquitto) this.skip();
      const client = await wire.connected();
      client.send(subscribe5(1, [[filter, 1]]));
      const packet = await client.read();
      if (packet.type === 'suback') expect(packet.codes).to.deep.equal([0x8f]);
      else expect(packet).to.deep.include({ type: 'disconnect' });
      if (packet.type === 'disconnect') expect(packet.code).to.be.oneOf([0x81, 0x82, 0x8f]);
    });
  }

  it('an unknown id may be used again after its SUBACK [MQTT-2.2.1-3]', async () => {
    const topic = wire.name('filters');
    const client = await wire.subscribed(topic, 0);
    await wire.subscribe(client, topic, 1);
    client.send(publish5({ topic, payload: 'x', qos: 1, id: 1 }));
    const types = [(await client.read()).type, (await client.read()).type];
    expect(types).to.have.members(['publish', 'puback']);
  });
});
