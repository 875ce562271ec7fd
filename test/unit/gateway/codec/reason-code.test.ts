import { expect } from 'chai';
import {
  connectReturnCode,
  isFailure,
  ReasonCode,
  subackReturnCode,
} from '../../../../src/gateway/codec/reason-code.ts';

describe('reason codes', () => {
  it('are those of table 2-6 of MQTT 5, each once but for the three names of 0', () => {
    const values = Object.values(ReasonCode).sort((a, b) => a - b);
    const failures = values.filter(isFailure);
    // 0x80 to 0xA2 without a gap
    expect(failures).to.deep.equal(Array.from({ length: 0x23 }, (_, i) => 0x80 + i));
    expect(values.filter((value) => !isFailure(value))).to.deep.equal([
      0, 0, 0, 1, 2, 4, 0x10, 0x11, 0x18, 0x19,
    ]);
  });

  const returnCodes: [keyof typeof ReasonCode, number][] = [
    ['SUCCESS', 0],
    ['UNSUPPORTED_PROTOCOL_VERSION', 1],
    ['CLIENT_IDENTIFIER_NOT_VALID', 2],
    ['SERVER_UNAVAILABLE', 3],
    ['SERVER_BUSY', 3],
    ['QUOTA_EXCEEDED', 3],
    ['BAD_USER_NAME_OR_PASSWORD', 4],
    ['NOT_AUTHORIZED', 5],
    ['BANNED', 5],
  ];
  for (const [name, returnCode] of returnCodes) {
    it(`${name} is CONNACK return code ${returnCode} in MQTT 3.1.1`, () => {
      expect(connectReturnCode(ReasonCode[name])).to.equal(returnCode);
    });
  }

  it('have no CONNACK return code for a broken protocol: the connection closes [MQTT-3.2.2-6]', () => {
    for (const code of [
      ReasonCode.MALFORMED_PACKET,
      ReasonCode.PROTOCOL_ERROR,
      ReasonCode.TOPIC_NAME_INVALID,
      ReasonCode.PACKET_TOO_LARGE,
    ]) {
      expect(connectReturnCode(code)).to.equal(undefined);
    }
  });

  it('become 0, 1, 2 or 0x80 in a SUBACK of MQTT 3.1.1 [MQTT-3.9.3-2]', () => {
    expect([0, 1, 2, 0x80, 0x87, 0x8f, 0xa2].map(subackReturnCode)).to.deep.equal([
      0, 1, 2, 0x80, 0x80, 0x80, 0x80,
    ]);
  });
});
