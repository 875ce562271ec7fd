import { expect } from 'chai';
import { decodeDisconnect } from '../../../../src/gateway/codec/disconnect-packet.ts';
import { ProtocolVersion } from '../../../../src/gateway/codec/protocol-version.ts';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { DISCONNECT, hex } from '../../../helpers/packets.ts';
import { disconnect5 } from '../../../helpers/packets5.ts';
import { protocolErrorOf } from './packets.ts';

const { MQTT_3_1_1, MQTT_5 } = ProtocolVersion;

function reasonOf(packet: Buffer, version: ProtocolVersion = MQTT_5): number {
  return protocolErrorOf(() => decodeDisconnect(packet, version)).reasonCode;
}

describe('gateway: DISCONNECT in', () => {
  it('may leave out reason code and properties (MQTT 5 §3.14.2.1)', () => {
    const normal = { reasonCode: 0, sessionExpirySeconds: undefined };
    for (const version of [MQTT_3_1_1, MQTT_5]) {
      expect(decodeDisconnect(DISCONNECT, version)).to.deep.equal(normal);
    }
    expect(decodeDisconnect(hex('e0 01 04'), MQTT_5)).to.deep.equal({ ...normal, reasonCode: 4 });
    expect(decodeDisconnect(disconnect5(4), MQTT_5)).to.deep.equal({ ...normal, reasonCode: 4 });
  });

  it('has a reason code that clients may say [MQTT5-3.14.2-1]', () => {
    const allowed = new Set([0, 4]);
    for (const code of [0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99]) {
      allowed.add(code);
    }
    for (let code = 0; code < 256; code++) {
      const packet = disconnect5(code);
      if (allowed.has(code)) expect(decodeDisconnect(packet, MQTT_5).reasonCode).to.equal(code);
      else expect(reasonOf(packet)).to.equal(ReasonCode.PROTOCOL_ERROR);
    }
  });

  it('tells how long the session is kept', () => {
    for (const seconds of [0, 1, 0xffff_ffff]) {
      const packet = disconnect5(0, [
        ['user', ['a', 'b']],
        ['sessionExpiry', seconds],
        ['reasonString', 'bye'],
      ]);
      expect(decodeDisconnect(packet, MQTT_5).sessionExpirySeconds).to.equal(seconds);
    }
  });

  it('is refused with flags [MQTT-3.14.1-1], and with a body before MQTT 5', () => {
    expect(reasonOf(hex('e1 00'))).to.equal(ReasonCode.MALFORMED_PACKET);
    expect(reasonOf(hex('e1 00'), MQTT_3_1_1)).to.equal(ReasonCode.MALFORMED_PACKET);
    expect(reasonOf(hex('e0 01 00'), MQTT_3_1_1)).to.equal(ReasonCode.MALFORMED_PACKET);
  });

  it('is refused with properties that are doubled, foreign, cut off or too long', () => {
    const expiry = ['sessionExpiry', 1] as const;
    expect(reasonOf(disconnect5(0, [expiry, expiry]))).to.equal(ReasonCode.PROTOCOL_ERROR);
    for (const foreign of [
      ['serverReference', 'x'],
      ['messageExpiry', 1],
    ] as const) {
      expect(reasonOf(disconnect5(0, [foreign]))).to.equal(ReasonCode.MALFORMED_PACKET);
    }
    expect(reasonOf(hex('e0 05 00 05 11 00 00'))).to.equal(ReasonCode.MALFORMED_PACKET);
    expect(reasonOf(hex('e0 03 00 00 00'))).to.equal(ReasonCode.MALFORMED_PACKET);
  });
});
