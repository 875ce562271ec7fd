import { expect } from 'chai';
import { decodeConnect } from '../../../../src/gateway/codec/connect-packet.ts';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { packet, text } from './packets.ts';
import { CONNECT, V4, V5, KEEP_ALIVE, connect5, reasonOf } from './connect-frames.ts';

describe('decodeConnect, MQTT 5', () => {
  it('decodes all properties', () => {
    const frame = packet(
      CONNECT,
      V5,
      [0x04 | 0x02],
      KEEP_ALIVE,
      [42],
      [0x11, 0, 0, 1, 0, 0x21, 0, 5, 0x27, 0, 0, 4, 0, 0x22, 0, 7, 0x19, 1, 0x17, 0],
      [0x26, 0, 1, 0x62, 0, 1, 0x31, 0x26, 0, 1, 0x61, 0, 0],
      [0x15, 0, 1, 0x6d, 0x16, 0, 2, 1, 2],
      'c',
      [0],
      'will',
      'x',
    );
    const decoded = decodeConnect(frame);
    expect(decoded).to.deep.include({
      sessionExpirySeconds: 256,
      receiveMaximum: 5,
      maximumPacketSize: 1024,
      topicAliasMaximum: 7,
      requestResponseInformation: true,
      requestProblemInformation: false,
      authenticationMethod: 'm',
      authenticationData: Buffer.from([1, 2]),
      userProperties: [
        { name: 'b', value: '1' },
        { name: 'a', value: '' },
      ],
    });
  });

  it('keeps will properties in wire form and order, but delay and expiry [MQTT5-3.1.3-10]', () => {
    const user = (name: string): Buffer =>
      Buffer.concat([Buffer.from([0x26]), text(name), text('v')]);
    const kept = [user('z'), Buffer.from([0x03, 0, 1, 0x74]), user('a'), user('z')];
    const properties = Buffer.concat([
      Buffer.from([0x18, 0, 0, 0, 9]),
      kept[0] as Buffer,
      Buffer.from([0x02, 0, 0, 0, 8]),
      ...kept.slice(1),
    ]);
    const frame = packet(
      CONNECT,
      V5,
      [0x06],
      KEEP_ALIVE,
      [0],
      'c',
      [properties.length],
      properties,
      'will',
      'x',
    );
    expect(decodeConnect(frame).will).to.deep.equal({
      topic: 'will',
      payload: Buffer.from('x'),
      qos: 0,
      retain: false,
      delaySeconds: 9,
      expirySeconds: 8,
      properties: Buffer.concat(kept),
    });
  });

  it('refuses a property that comes twice', () => {
    expect(reasonOf(connect5(0x21, 0, 1, 0x21, 0, 1))).to.equal(ReasonCode.PROTOCOL_ERROR);
  });

  it('refuses properties of other packets, unknown ones and those cut off', () => {
    for (const properties of [
      [0x23, 0, 1],
      [0x0b, 1],
      [0x02, 0, 0, 0, 1],
      [0x7f, 0],
      [0x21, 0],
    ]) {
      expect(reasonOf(connect5(...properties))).to.equal(ReasonCode.MALFORMED_PACKET);
    }
  });

  it('refuses a remaining length with a byte too many in MQTT 5 alone [MQTT5-1.5.5-1]', () => {
    const padded = (whole: Buffer): Buffer => {
      const length = [(whole[1] as number) | 0x80, 0];
      return Buffer.concat([whole.subarray(0, 1), Buffer.from(length), whole.subarray(2)]);
    };
    const connect = packet(CONNECT, V4, [2], KEEP_ALIVE, text('c'));
    expect(decodeConnect(padded(connect)).clientId).to.equal('c');
    expect(decodeConnect(connect5()).clientId).to.equal('c');
    expect(reasonOf(padded(connect5()))).to.equal(ReasonCode.MALFORMED_PACKET);
  });

  it('refuses a property length beyond the packet and one not in its shortest form [MQTT-1.5.5-1]', () => {
    for (const length of [
      [200, 1],
      [0x80, 0x00],
      [0xff, 0xff, 0xff, 0xff, 0x7f],
    ]) {
      const frame = packet(CONNECT, V5, [2], KEEP_ALIVE, length, 'c');
      expect(reasonOf(frame)).to.equal(ReasonCode.MALFORMED_PACKET);
    }
  });

  it('refuses values that are protocol errors', () => {
    for (const properties of [
      [0x21, 0, 0],
      [0x27, 0, 0, 0, 0],
      [0x17, 2],
      [0x19, 0xff],
      [0x16, 0, 1, 1],
    ]) {
      expect(reasonOf(connect5(...properties))).to.equal(ReasonCode.PROTOCOL_ERROR);
    }
  });
});
