import { expect } from 'chai';
import { readAck } from '../../../../src/gateway/codec/ack-packet.ts';
import { ProtocolVersion } from '../../../../src/gateway/codec/protocol-version.ts';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { hex } from '../../../helpers/packets.ts';
import { ack5 } from '../../../helpers/packets5.ts';
import { protocolErrorOf } from './packets.ts';

const { MQTT_3_1, MQTT_3_1_1, MQTT_5 } = ProtocolVersion;
const TYPES = [
  ['puback', 0, 0x87],
  ['pubrec', 0, 0x10],
  ['pubrel', 0b0010, 0x92],
  ['pubcomp', 0, 0x92],
] as const;

/** Reads a packet with a fixed header of two bytes, between other bytes. */
function read(packet: Buffer, flags: number, version: ProtocolVersion): ReturnType<typeof readAck> {
  const chunk = Buffer.concat([hex('aa bb'), packet, hex('cc')]);
  return { ...readAck(chunk, packet[0]!, flags, 4, 2 + packet.length, version) };
}

function reasonOf(packet: Buffer, flags: number, version: ProtocolVersion): number {
  return protocolErrorOf(() => read(packet, flags, version)).reasonCode;
}

describe('gateway: acknowledgements in', () => {
  for (const [type, flags, code] of TYPES) {
    it(`reads ${type} of every length (MQTT 5 §3.4.2, §3.5.2, §3.6.2, §3.7.2)`, () => {
      const success = { packetId: 0x1234, reasonCode: 0 };
      expect(read(ack5(type, 0x1234), flags, MQTT_5)).to.deep.equal(success);
      const failure = { packetId: 0x1234, reasonCode: code };
      expect(read(ack5(type, 0x1234, code), flags, MQTT_5)).to.deep.equal(failure);
      expect(read(ack5(type, 0x1234, code, []), flags, MQTT_5)).to.deep.equal(failure);
      const list = [
        ['reasonString', 'because'],
        ['user', ['a', 'b']],
        ['user', ['a', 'b']],
      ] as const;
      expect(read(ack5(type, 0x1234, code, list), flags, MQTT_5)).to.deep.equal(failure);
    });

    it(`forgets the reason code of the ${type} before`, () => {
      read(ack5(type, 1, code), flags, MQTT_5);
      expect(read(ack5(type, 2), flags, MQTT_5)).to.deep.equal({ packetId: 2, reasonCode: 0 });
      expect(read(ack5(type, 2), flags, MQTT_3_1_1)).to.deep.equal({ packetId: 2, reasonCode: 0 });
    });

    it(`refuses ${type} with a reason code that it does not have [MQTT-3.4.2-1]`, () => {
      for (const wrong of [0x01, 0x04, 0x81, 0x8f, code === 0x92 ? 0x87 : 0x92]) {
        expect(reasonOf(ack5(type, 1, wrong), flags, MQTT_5)).to.equal(ReasonCode.PROTOCOL_ERROR);
      }
    });

    it(`refuses ${type} with wrong flags [MQTT-2.1.3-1] [MQTT-2.2.2-2]`, () => {
      for (let wrong = 0; wrong < 16; wrong++) {
        if (wrong === flags) continue;
        const packet = ack5(type, 1);
        packet[0] = (packet[0]! & 0xf0) | wrong;
        for (const version of [MQTT_3_1, MQTT_3_1_1, MQTT_5]) {
          expect(reasonOf(packet, flags, version)).to.equal(ReasonCode.MALFORMED_PACKET);
        }
      }
    });

    it(`refuses ${type} with more or less than an identifier before MQTT 5`, () => {
      for (const packet of [ack5(type, 1, 0), ack5(type, 1, 0, []), ack5(type, 1).subarray(0, 3)]) {
        for (const version of [MQTT_3_1, MQTT_3_1_1]) {
          expect(reasonOf(packet, flags, version)).to.equal(ReasonCode.MALFORMED_PACKET);
        }
      }
      expect(reasonOf(ack5(type, 1).subarray(0, 3), flags, MQTT_5)).to.equal(
        ReasonCode.MALFORMED_PACKET,
      );
    });

    it(`refuses ${type} with identifier 0 [MQTT-2.2.1-3]`, () => {
      for (const version of [MQTT_3_1_1, MQTT_5]) {
        expect(reasonOf(ack5(type, 0), flags, version)).to.equal(ReasonCode.MALFORMED_PACKET);
      }
    });

    it(`refuses properties that ${type} does not have, comes with twice, or that are cut off`, () => {
      const twice = ack5(type, 1, 0, [
        ['reasonString', 'a'],
        ['reasonString', 'a'],
      ]);
      expect(reasonOf(twice, flags, MQTT_5)).to.equal(ReasonCode.PROTOCOL_ERROR);
      const foreign = ack5(type, 1, 0, [['messageExpiry', 1]]);
      expect(reasonOf(foreign, flags, MQTT_5)).to.equal(ReasonCode.MALFORMED_PACKET);
      const whole = ack5(type, 1, 0, [['reasonString', 'because']]);
      for (let end = 6; end < whole.length; end++) {
        const cut = Buffer.from(whole.subarray(0, end));
        expect(reasonOf(cut, flags, MQTT_5)).to.equal(ReasonCode.MALFORMED_PACKET);
      }
      const longer = Buffer.concat([ack5(type, 1, 0, []), hex('00')]);
      expect(reasonOf(longer, flags, MQTT_5)).to.equal(ReasonCode.MALFORMED_PACKET);
    });
  }
});
