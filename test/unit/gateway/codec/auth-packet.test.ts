import { expect } from 'chai';
import { decodeAuth } from '../../../../src/gateway/codec/auth-packet.ts';
import { MqttProtocolError } from '../../../../src/gateway/codec/protocol-error.ts';
import { hex } from '../../../helpers/packets.ts';
import { auth5 } from '../../../helpers/packets5.ts';

function codeOf(frame: Buffer): number | undefined {
  try {
    decodeAuth(frame);
    return undefined;
  } catch (error) {
    if (!(error instanceof MqttProtocolError)) throw error;
    return error.reasonCode;
  }
}

describe('decodeAuth', () => {
  const data = Buffer.from([0, 255]);

  it('reads reason code, method and data, whatever else the client says (§3.15)', () => {
    const frame = auth5(0x19, [
      ['user', ['a', 'b']],
      ['authData', data],
      ['reasonString', 'because'],
      ['authMethod', 'M'],
      ['user', ['a', 'b']],
    ]);
    const packet = decodeAuth(frame);
    frame.fill(0);
    expect(packet).to.deep.equal({ reasonCode: 0x19, method: 'M', data });
    expect(decodeAuth(auth5(0x18, [['authMethod', '']]))).to.deep.equal({
      reasonCode: 0x18,
      method: '',
      data: undefined,
    });
  });

  const wrong: readonly (readonly [string, Buffer, number])[] = [
    ['flags [MQTT-3.15.1-1]', hex('f1 00'), 0x81],
    ['nothing in it', hex('f0 00'), 0x82],
    ['a reason code alone', hex('f0 01 18'), 0x81],
    ['no method', auth5(0x18), 0x82],
    ['reason code 0x00 [MQTT-3.15.2-1]', auth5(0x00, [['authMethod', 'M']]), 0x82],
    ['reason code 0x87 [MQTT-3.15.2-1]', auth5(0x87, [['authMethod', 'M']]), 0x82],
    ['a property of another packet', auth5(0x18, [['sessionExpiry', 1]]), 0x81],
    ['its method twice', hex('f0 0a 18 08 15 00 01 4d 15 00 01 4d'), 0x82],
    ['a byte too many', hex('f0 07 18 04 15 00 01 4d 00'), 0x81],
  ];
  for (const [what, frame, code] of wrong) {
    it(`refuses one with ${what}`, () => {
      expect(codeOf(frame)).to.equal(code);
    });
  }

  it('refuses one that is cut off anywhere', () => {
    const frame = auth5(0x18, [
      ['authMethod', 'M'],
      ['authData', data],
    ]);
    for (let end = 3; end < frame.length; end++) {
      const cut = Buffer.from(frame.subarray(0, end));
      cut[1] = end - 2;
      expect(codeOf(cut), String(end)).to.equal(0x81);
    }
  });
});
