import { expect } from 'chai';
import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { isSharedFilter } from '../../../../src/common/topic/shared-filter.ts';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { decodeSubscribe } from '../../../../src/gateway/codec/subscribe-packet.ts';
import { mqttText, mutated, packet, protocolErrorOf, survives } from './packets.ts';

const SUBSCRIBE = 0x82;
const ID = [0, 10];

const reasonOf = (frame: Buffer, version: 4 | 5 = 4): number =>
  protocolErrorOf(() => decodeSubscribe(frame, version)).reasonCode;

const packetId = fc.integer({ min: 1, max: 65_535 });
const three = fc.constantFrom(0 as const, 1 as const, 2 as const);
const filter = mqttText(20).filter((value) => !isSharedFilter(value));

const packets4 = fc.record({
  cmd: fc.constant('subscribe' as const),
  messageId: packetId,
  subscriptions: fc.array(fc.record({ topic: filter, qos: three }), { minLength: 1, maxLength: 5 }),
});
const packets5 = fc.record({
  cmd: fc.constant('subscribe' as const),
  messageId: packetId,
  properties: fc.record({ subscriptionIdentifier: fc.integer({ min: 1, max: 268_435_455 }) }),
  subscriptions: fc.array(
    fc.record({ topic: filter, qos: three, nl: fc.boolean(), rap: fc.boolean(), rh: three }),
    { minLength: 1, maxLength: 5 },
  ),
});

describe('decodeSubscribe', () => {
  it('gives back what mqtt-packet generates for MQTT 3.1.1', () => {
    fc.assert(
      fc.property(packets4, (fields) => {
        expect(decodeSubscribe(generate(fields), 4)).to.deep.equal({
          packetId: fields.messageId,
          subscriptionId: 0,
          surplus: 0,
          subscriptions: fields.subscriptions.map(({ topic, qos }) => ({
            filter: topic,
            qos,
            noLocal: false,
            retainAsPublished: false,
            retainHandling: 0,
          })),
        });
      }),
      { numRuns: 300 },
    );
  });

  it('gives back what mqtt-packet generates for MQTT 5', () => {
    fc.assert(
      fc.property(packets5, (fields) => {
        expect(decodeSubscribe(generate(fields, { protocolVersion: 5 }), 5)).to.deep.equal({
          packetId: fields.messageId,
          subscriptionId: fields.properties.subscriptionIdentifier,
          surplus: 0,
          subscriptions: fields.subscriptions.map(({ topic, qos, nl, rap, rh }) => ({
            filter: topic,
            qos,
            noLocal: nl,
            retainAsPublished: rap,
            retainHandling: rh,
          })),
        });
      }),
      { numRuns: 300 },
    );
  });

  it('refuses wrong bits in the fixed header [MQTT-3.8.1-1] [MQTT-2.2.2-2]', () => {
    for (let flags = 0; flags < 16; flags++) {
      const frame = packet(0x80 | flags, ID, 'a', [0]);
      if (flags === 2) expect(decodeSubscribe(frame, 4).packetId).to.equal(10);
      else expect(reasonOf(frame)).to.equal(ReasonCode.MALFORMED_PACKET);
    }
  });

  it('refuses packet identifier 0 [MQTT-2.3.1-1]', () => {
    expect(reasonOf(packet(SUBSCRIBE, [0, 0], 'a', [0]))).to.equal(ReasonCode.MALFORMED_PACKET);
  });

  it('refuses a packet without filters [MQTT-3.8.3-3]', () => {
    expect(reasonOf(packet(SUBSCRIBE, ID))).to.equal(ReasonCode.PROTOCOL_ERROR);
    expect(reasonOf(packet(SUBSCRIBE, ID, [0]), 5)).to.equal(ReasonCode.PROTOCOL_ERROR);
  });

  it('takes QoS 0, 1 and 2 and nothing else in the options of MQTT 3.1.1 [MQTT-3.8.3-4]', () => {
    for (let options = 0; options < 256; options++) {
      const frame = packet(SUBSCRIBE, ID, 'a', [options]);
      if (options < 3) expect(decodeSubscribe(frame, 4).subscriptions[0]?.qos).to.equal(options);
      else protocolErrorOf(() => decodeSubscribe(frame, 4));
    }
  });

  it('refuses reserved bits, QoS 3 and retain handling 3 in MQTT 5 [MQTT-3.8.3-5]', () => {
    const frame = (options: number): Buffer => packet(SUBSCRIBE, ID, [0], 'a', [options]);
    for (const options of [0x40, 0x80, 0xc0]) {
      expect(reasonOf(frame(options), 5)).to.equal(ReasonCode.MALFORMED_PACKET);
    }
    for (const options of [0x03, 0x30, 0x33]) {
      expect(reasonOf(frame(options), 5)).to.equal(ReasonCode.PROTOCOL_ERROR);
    }
  });

  it('refuses no local on a shared subscription in MQTT 5 [MQTT5-3.8.3-4]', () => {
    for (const filter of ['$share/group/a', '$queue/a']) {
      const frame = packet(SUBSCRIBE, ID, [0], filter, [4]);
      expect(reasonOf(frame, 5)).to.equal(ReasonCode.PROTOCOL_ERROR);
    }
  });

  it('refuses subscription identifier 0, and a second one', () => {
    const frame = (...properties: number[]): Buffer =>
      packet(SUBSCRIBE, ID, [properties.length, ...properties], 'a', [0]);
    expect(reasonOf(frame(0x0b, 0), 5)).to.equal(ReasonCode.PROTOCOL_ERROR);
    expect(reasonOf(frame(0x0b, 1, 0x0b, 2), 5)).to.equal(ReasonCode.PROTOCOL_ERROR);
  });

  it('refuses ill-formed UTF-8 and U+0000 [MQTT-3.8.3-1] [MQTT-1.5.3-1] [MQTT-1.5.3-2]', () => {
    for (const bad of [
      [0, 1, 0xff],
      [0, 1, 0],
      [0, 3, 0xed, 0xa0, 0x80],
    ]) {
      expect(reasonOf(packet(SUBSCRIBE, ID, bad, [0]))).to.equal(ReasonCode.MALFORMED_PACKET);
    }
  });

  it('counts filters behind those that are wanted, and checks them', () => {
    const frame = packet(SUBSCRIBE, ID, 'a', [1], 'b', [2], 'c', [0]);
    for (const [most, count] of [
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 3],
    ] as const) {
      const { subscriptions, surplus } = decodeSubscribe(frame, 4, most);
      expect([subscriptions.length, surplus]).to.deep.equal([count, 3 - count]);
    }
    const damaged = packet(SUBSCRIBE, ID, 'a', [1], [0, 1, 0xff], [1]);
    expect(protocolErrorOf(() => decodeSubscribe(damaged, 4, 1)).reasonCode).to.equal(
      ReasonCode.MALFORMED_PACKET,
    );
  });

  it('checks the options of filters behind those that are wanted [MQTT-3.8.3-4] [MQTT-3.8.3-5] [MQTT5-3.8.3-4]', () => {
    for (const last of ['a', '$share/group/a', '$queue/a', '$share', '']) {
      for (let options = 0; options < 256; options++) {
        for (const version of [4, 5] as const) {
          const properties = version === 5 ? [0] : [];
          const frame = packet(SUBSCRIBE, ID, properties, 'a', [1], last, [options]);
          const outcomes = [Infinity, 1].map((most) => {
            try {
              return decodeSubscribe(frame, version, most).packetId;
            } catch (error) {
              return String(error);
            }
          });
          expect(outcomes[1], `${last} ${String(options)}`).to.equal(outcomes[0]);
        }
      }
    }
    const frame = packet(SUBSCRIBE, ID, [0], 'a', [1], 'b', [0x80]);
    const { reasonCode } = protocolErrorOf(() => decodeSubscribe(frame, 5, 1));
    expect(reasonCode).to.equal(ReasonCode.MALFORMED_PACKET);
  });

  it('refuses every packet that is cut off within a filter', () => {
    const body = packet(SUBSCRIBE, ID, 'abc', [1], 'de', [2]).subarray(2);
    for (let length = 0; length < body.length; length++) {
      const frame = packet(SUBSCRIBE, body.subarray(0, length));
      if (length === 8) expect(decodeSubscribe(frame, 4).subscriptions).to.have.length(1);
      else protocolErrorOf(() => decodeSubscribe(frame, 4));
    }
  });

  it('returns or throws an MqttProtocolError for any bytes', () => {
    const garbage = fc
      .uint8Array({ maxLength: 100 })
      .map((array) => packet(SUBSCRIBE, ID, Buffer.from(array)));
    const any = fc.oneof(
      garbage,
      fc.uint8Array({ maxLength: 50 }).map((array) => Buffer.from(array)),
      mutated(packets4.map((fields) => generate(fields))),
      mutated(packets5.map((fields) => generate(fields, { protocolVersion: 5 }))),
    );
    fc.assert(
      fc.property(any, fc.constantFrom(4 as const, 5 as const), (frame, version) => {
        survives((bytes) => decodeSubscribe(bytes, version), frame);
      }),
      { numRuns: 3000 },
    );
  });
});
