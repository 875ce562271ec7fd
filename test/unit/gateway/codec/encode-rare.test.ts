import { expect } from 'chai';
import fc from 'fast-check';
import { parser } from 'mqtt-packet';
import type { Packet } from 'mqtt-packet';
import {
  encodeConnack,
  encodeDisconnect,
  encodeFarewell,
  encodeSuback,
  encodeUnsuback,
  PINGRESP,
} from '../../../../src/gateway/codec/encode-rare.ts';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';

function parsed(frame: Buffer, protocolVersion: number): Packet {
  const packets: Packet[] = [];
  const instance = parser({ protocolVersion });
  instance.on('packet', (packet) => packets.push(packet));
  instance.on('error', (error: Error) => {
    throw error;
  });
  expect(instance.parse(frame), 'bytes left over').to.equal(0);
  expect(packets).to.have.length(1);
  return packets[0]!;
}

const hex = (frame: Buffer): string => frame.toString('hex');

describe('encode-rare', () => {
  it('encodes CONNACK of MQTT 3.1.1 [MQTT-3.2.2-1] [MQTT-3.2.2-2]', () => {
    expect(hex(encodeConnack(false, ReasonCode.SUCCESS, 4))).to.equal('20020000');
    expect(hex(encodeConnack(true, ReasonCode.SUCCESS, 4))).to.equal('20020100');
    expect(hex(encodeConnack(false, ReasonCode.NOT_AUTHORIZED, 4))).to.equal('20020005');
    expect(hex(encodeConnack(false, ReasonCode.UNSUPPORTED_PROTOCOL_VERSION, 4))).to.equal(
      '20020001',
    );
  });

  it('never says session present with a refusal [MQTT-3.2.2-4], nor in MQTT 3.1', () => {
    expect(hex(encodeConnack(true, ReasonCode.NOT_AUTHORIZED, 4))).to.equal('20020005');
    expect(hex(encodeConnack(true, ReasonCode.NOT_AUTHORIZED, 5))).to.equal('2003008700');
    expect(hex(encodeConnack(true, ReasonCode.SUCCESS, 3))).to.equal('20020000');
  });

  it('says server unavailable where MQTT 3.1.1 has no return code', () => {
    expect(hex(encodeConnack(false, ReasonCode.MALFORMED_PACKET, 4))).to.equal('20020003');
  });

  it('encodes CONNACK of MQTT 5 with and without properties', () => {
    expect(hex(encodeConnack(false, ReasonCode.UNSUPPORTED_PROTOCOL_VERSION, 5))).to.equal(
      '2003008400',
    );
    const properties = { assignedClientIdentifier: 'made-up', receiveMaximum: 7 };
    const frame = encodeConnack(true, ReasonCode.SUCCESS, 5, properties);
    expect(parsed(frame, 5)).to.deep.include({ sessionPresent: true, reasonCode: 0, properties });
  });

  it('encodes SUBACK with one code for each filter in order [MQTT-3.8.4-5]', () => {
    const codes = fc.array(fc.constantFrom(0, 1, 2, 0x80, 0x87, 0x8f, 0x97), { minLength: 1 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_535 }), codes, (packetId, reasonCodes) => {
        expect(parsed(encodeSuback(packetId, reasonCodes, 5), 5)).to.deep.include({
          cmd: 'suback',
          messageId: packetId,
          granted: reasonCodes,
        });
        // [MQTT-3.9.3-2]
        expect(parsed(encodeSuback(packetId, reasonCodes, 4), 4)).to.deep.include({
          granted: reasonCodes.map((code) => (code > 2 ? 0x80 : code)),
        });
      }),
    );
  });

  it('encodes UNSUBACK, with codes in MQTT 5 only [MQTT-3.10.4-4]', () => {
    expect(hex(encodeUnsuback(0x0102, [0, 0x11], 4))).to.equal('b0020102');
    expect(parsed(encodeUnsuback(0x0102, [0, 0x11], 5), 5)).to.deep.include({
      messageId: 0x0102,
      granted: [0, 0x11],
    });
  });

  it('encodes DISCONNECT of MQTT 5', () => {
    expect(hex(encodeDisconnect(ReasonCode.SESSION_TAKEN_OVER, 5))).to.equal('e0028e00');
    const properties = { reasonString: 'why' };
    expect(parsed(encodeDisconnect(ReasonCode.SERVER_BUSY, 5, properties), 5)).to.deep.include({
      reasonCode: ReasonCode.SERVER_BUSY,
      properties,
    });
  });

  it('has PINGRESP [MQTT-3.12.4-1]', () => {
    expect(hex(PINGRESP)).to.equal('d000');
  });

  it('says in DISCONNECT what fits: reason, then the server to use [MQTT-3.14.2-3] (§3.14.2.2.5)', () => {
    const farewell = (maximum: number, reference?: string) =>
      encodeFarewell(ReasonCode.USE_ANOTHER_SERVER, 'stopping', maximum, reference);
    expect(parsed(farewell(100, 'b:1883'), 5)).to.deep.include({
      reasonCode: 0x9c,
      properties: { reasonString: 'stopping', serverReference: 'b:1883' },
    });
    expect(parsed(farewell(15, 'b:1883'), 5)).to.deep.include({
      properties: { serverReference: 'b:1883' },
    });
    expect(parsed(farewell(5, 'b:1883'), 5)).not.to.have.property('properties');
    expect(parsed(farewell(15), 5)).to.deep.include({ properties: { reasonString: 'stopping' } });
  });
});
