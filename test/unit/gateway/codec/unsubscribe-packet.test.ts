import { expect } from 'chai';
import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { decodeUnsubscribe } from '../../../../src/gateway/codec/unsubscribe-packet.ts';
import { mqttText, mutated, packet, protocolErrorOf, survives } from './packets.ts';

const UNSUBSCRIBE = 0xa2;
const ID = [0, 10];

const reasonOf = (frame: Buffer, version: 4 | 5 = 4): number =>
  protocolErrorOf(() => decodeUnsubscribe(frame, version)).reasonCode;

const version = fc.constantFrom(4 as const, 5 as const);
const packets = fc.record({
  cmd: fc.constant('unsubscribe' as const),
  messageId: fc.integer({ min: 1, max: 65_535 }),
  unsubscriptions: fc.array(mqttText(20), { minLength: 1, maxLength: 5 }),
});

describe('decodeUnsubscribe', () => {
  it('gives back what mqtt-packet generates', () => {
    fc.assert(
      fc.property(packets, version, (fields, protocolVersion) => {
        const frame = generate(fields, { protocolVersion });
        expect(decodeUnsubscribe(frame, protocolVersion)).to.deep.equal({
          packetId: fields.messageId,
          filters: fields.unsubscriptions,
        });
      }),
      { numRuns: 300 },
    );
  });

  it('refuses wrong bits in the fixed header [MQTT-3.10.1-1] [MQTT-2.2.2-2]', () => {
    for (let flags = 0; flags < 16; flags++) {
      const frame = packet(0xa0 | flags, ID, 'a');
      if (flags === 2) expect(decodeUnsubscribe(frame, 4).filters).to.deep.equal(['a']);
      else expect(reasonOf(frame)).to.equal(ReasonCode.MALFORMED_PACKET);
    }
  });

  it('refuses packet identifier 0 [MQTT-2.3.1-1]', () => {
    expect(reasonOf(packet(UNSUBSCRIBE, [0, 0], 'a'))).to.equal(ReasonCode.MALFORMED_PACKET);
  });

  it('refuses a packet without filters [MQTT-3.10.3-2]', () => {
    expect(reasonOf(packet(UNSUBSCRIBE, ID))).to.equal(ReasonCode.PROTOCOL_ERROR);
    expect(reasonOf(packet(UNSUBSCRIBE, ID, [0]), 5)).to.equal(ReasonCode.PROTOCOL_ERROR);
  });

  it('refuses ill-formed UTF-8 and U+0000 [MQTT-3.10.3-1]', () => {
    for (const bad of [
      [0, 1, 0xff],
      [0, 1, 0],
      [0, 2, 0x61],
    ]) {
      expect(reasonOf(packet(UNSUBSCRIBE, ID, bad))).to.equal(ReasonCode.MALFORMED_PACKET);
    }
  });

  it('refuses more filters than are wanted', () => {
    const frame = packet(UNSUBSCRIBE, ID, 'a', 'b');
    expect(decodeUnsubscribe(frame, 4, 2).filters).to.deep.equal(['a', 'b']);
    expect(protocolErrorOf(() => decodeUnsubscribe(frame, 4, 1)).reasonCode).to.equal(
      ReasonCode.QUOTA_EXCEEDED,
    );
  });

  it('takes user properties alone in MQTT 5', () => {
    const user = [0x26, 0, 1, 0x61, 0, 1, 0x62];
    const frame = packet(UNSUBSCRIBE, ID, [7, ...user], 'a');
    expect(decodeUnsubscribe(frame, 5).filters).to.deep.equal(['a']);
    expect(reasonOf(packet(UNSUBSCRIBE, ID, [2, 0x0b, 1], 'a'), 5)).to.equal(
      ReasonCode.MALFORMED_PACKET,
    );
  });

  it('returns or throws an MqttProtocolError for any bytes', () => {
    const any = fc.oneof(
      fc.uint8Array({ maxLength: 100 }).map((array) => packet(UNSUBSCRIBE, ID, Buffer.from(array))),
      fc.uint8Array({ maxLength: 50 }).map((array) => Buffer.from(array)),
      mutated(packets.map((fields) => generate(fields))),
      mutated(packets.map((fields) => generate(fields, { protocolVersion: 5 }))),
    );
    fc.assert(
      fc.property(any, version, (frame, protocolVersion) => {
        survives((bytes) => decodeUnsubscribe(bytes, protocolVersion), frame);
      }),
      { numRuns: 3000 },
    );
  });
});
