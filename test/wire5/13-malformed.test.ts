import { expect } from 'chai';
import { frame, hex } from '../helpers/packets.ts';
import { publish5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { LENIENT, type Malformed } from '../wire/malformed.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 13 malformed: DISCONNECT', () => {
  const wire = useWire5();

  const malformed: Malformed = [
    ['packet type 0', hex('00 00')],
    ['CONNACK of a client', hex('20 03 00 00 00')],
    ['SUBACK of a client', hex('90 04 00 01 00 00'), LENIENT],
    ['PINGRESP of a client', hex('d0 00'), LENIENT],
    ['PINGREQ with flags [MQTT-2.1.3-1]', hex('c1 00'), LENIENT],
    ['PINGREQ with a body', hex('c0 01 00'), LENIENT],
    ['a remaining length of five bytes [MQTT-1.5.5-1]', hex('30 ff ff ff ff 01')],
    ['a remaining length with a byte too many [MQTT-1.5.5-1]', hex('c0 80 00'), LENIENT],
    [
      'PUBLISH whose remaining length has one [MQTT-1.5.5-1]',
      hex('30 85 00 00 01 61 00 78'),
      LENIENT,
    ],
    ['PUBLISH at QoS 3 [MQTT-3.3.1-4]', hex('36 07 00 01 61 00 01 00 78')],
    [
      'PUBLISH with DUP at QoS 0 [MQTT-3.3.1-2]',
      publish5({ topic: 'a', payload: 'x', dup: true }),
      LENIENT,
    ],
    ['PUBLISH with id 0 [MQTT-2.2.1-3]', publish5({ topic: 'a', payload: 'x', qos: 1, id: 0 })],
    [
      'PUBLISH with a wildcard in its topic [MQTT-3.3.2-2] [MQTT-4.7.0-1]',
      publish5({ topic: 'a/+', payload: 'x' }),
    ],
    [
      'PUBLISH with a topic that is not UTF-8 [MQTT-1.5.4-1] [MQTT-3.3.2-1]',
      frame(0x30, hex('00 02 c3 28 00')),
    ],
    [
      'PUBLISH with U+0000 in its topic [MQTT-1.5.4-2] [MQTT-4.7.3-2]',
      frame(0x30, hex('00 01 00 00')),
    ],
    ['PUBLISH without properties [MQTT-2.2.2-1]', frame(0x30, hex('00 01 61'))],
    ['PUBLISH with properties longer than the packet', frame(0x30, hex('00 01 61 05 01'))],
    ['PUBLISH with a property cut off', frame(0x30, hex('00 01 61 03 02 00 00 00 00'))],
    ['PUBLISH with an unknown property', frame(0x30, hex('00 01 61 02 7e 00'))],
    [
      'PUBLISH with a session expiry interval',
      publish5({ topic: 'a', properties: [['sessionExpiry', 1]] }),
    ],
    [
      'PUBLISH with two content types',
      publish5({
        topic: 'a',
        properties: [
          ['contentType', 'x'],
          ['contentType', 'x'],
        ],
      }),
    ],
    [
      'PUBLISH with two topic aliases',
      publish5({
        topic: 'a',
        properties: [
          ['topicAlias', 1],
          ['topicAlias', 1],
        ],
      }),
    ],
    [
      'PUBLISH with two message expiry intervals',
      publish5({
        topic: 'a',
        properties: [
          ['messageExpiry', 1],
          ['messageExpiry', 1],
        ],
      }),
    ],
    [
      'PUBLISH with payload format 2',
      publish5({ topic: 'a', properties: [['payloadFormat', 2]] }),
      LENIENT,
    ],
    [
      'PUBLISH with a content type that is not UTF-8 [MQTT-3.3.2-19]',
      publish5({ topic: 'a', properties: [['contentType', hex('c3 28')]] }),
    ],
    [
      'PUBLISH with a response topic that is not UTF-8 [MQTT-3.3.2-13]',
      publish5({ topic: 'a', properties: [['responseTopic', hex('ed a0 80')]] }),
    ],
    [
      'PUBLISH with a wildcard in its response topic [MQTT-3.3.2-14]',
      publish5({ topic: 'a', properties: [['responseTopic', 'a/#']] }),
      LENIENT,
    ],
    [
      'PUBLISH with a user property that is not UTF-8 [MQTT-1.5.7-1]',
      frame(0x30, hex('00 01 61 07 26 00 00 00 02 c3 28')),
    ],
  ];
  for (const [what, packet, lenient] of malformed) {
    it(`0x81 or 0x82 is said to ${what} [MQTT-4.13.1-1]`, async function () {
      if (isMosquitto && lenient === LENIENT) this.skip();
      const client = await wire.connected();
      client.send(packet);
      // 0x90 names a topic that is wrong.
      await client.disconnected(0x81, 0x82, ...(what.includes('topic') ? [0x90] : []));
    });
  }

  it('has no reason string for a client that asks for none, and may have one otherwise', async () => {
    const client = await wire.connected({ properties: [['requestProblemInformation', 0]] });
    client.send('00 00');
    // A DISCONNECT may carry one all the same [MQTT-3.1.2-29]; this client has room for it.
    if (isMosquitto) return;
    await client.disconnected(0x81, 0x82);
  });

  it('is left without its reason string where that would be too large [MQTT-3.14.2-3]', async function () {
    if (isMosquitto) this.skip();
    const client = await wire.connected({ properties: [['maximumPacketSize', 18]] });
    client.send('00 00');
    const packet = await client.read();
    expect(packet).to.deep.include({ type: 'disconnect', properties: [] });
    expect('code' in packet && packet.code).to.be.oneOf([0x81, 0x82]);
    await client.raw.expectClose();
  });
});
