import { expect } from 'chai';
import sinon from 'sinon';
import { readAck } from '../../../../src/gateway/codec/ack-packet.ts';
import { decodeConnect } from '../../../../src/gateway/codec/connect-packet.ts';
import { decodeDisconnect } from '../../../../src/gateway/codec/disconnect-packet.ts';
import { ProtocolVersion } from '../../../../src/gateway/codec/protocol-version.ts';
import { readPublishProperties } from '../../../../src/gateway/codec/publish-properties.ts';
import { decodeSubscribe } from '../../../../src/gateway/codec/subscribe-packet.ts';
import { decodeUnsubscribe } from '../../../../src/gateway/codec/unsubscribe-packet.ts';
import { packet } from './packets.ts';

const COUNT = 1000;
const FIELDS = 100;

/** As many as this, with their length. */
const manyProperties = (): Buffer => {
  const one = Buffer.from([0x26, 0, 1, 0x61, 0, 2, 0xc3, 0xa4]);
  const all = Buffer.alloc(COUNT * one.length, one);
  return Buffer.concat([Buffer.from([(all.length & 0x7f) | 0x80, all.length >> 7]), all]);
};

// One packet of 1 MB has 200,000 of them, and a CONNECT comes before anybody has signed in: an object for each would hold
// the event loop up for a tenth of a second (ADR 997).
describe('gateway: packets full of user properties', () => {
  const MQTT5 = [0, 4, 0x4d, 0x51, 0x54, 0x54, 5];
  const many = manyProperties();
  const connect = packet(0x10, MQTT5, [2, 0, 60], many, 'c');
  const withWill = packet(0x10, MQTT5, [6, 0, 60, 0], 'c', many, 'will', 'bye');
  const ack = packet(0x40, [0, 1, 0], many);
  const cases: [string, () => unknown][] = [
    ['CONNECT', () => decodeConnect(connect)],
    ['a will', () => decodeConnect(withWill)],
    ['PUBLISH', () => readPublishProperties(many, 0, many.length)],
    ['PUBACK', () => readAck(ack, 0x40, 0, 3, ack.length, ProtocolVersion.MQTT_5)],
    [
      'SUBSCRIBE',
      () => decodeSubscribe(packet(0x82, [0, 1], many, 'a', [0]), ProtocolVersion.MQTT_5),
    ],
    [
      'UNSUBSCRIBE',
      () => decodeUnsubscribe(packet(0xa2, [0, 1], many, 'a'), ProtocolVersion.MQTT_5),
    ],
    ['DISCONNECT', () => decodeDisconnect(packet(0xe0, [0], many), ProtocolVersion.MQTT_5)],
  ];

  afterEach(() => {
    sinon.restore();
  });

  for (const [what, decode] of cases) {
    it(`${what}: makes nothing of them that nobody has asked for`, () => {
      const decoded = sinon.spy(Buffer.prototype, 'toString');
      const cut = sinon.spy(Buffer.prototype, 'subarray');
      decode();
      expect(decoded.callCount + cut.callCount).to.be.lessThan(FIELDS);
    });
  }

  it('gives them to who asks', () => {
    const { userProperties } = decodeConnect(connect);
    expect(userProperties).to.have.length(COUNT);
    expect(userProperties[COUNT - 1]).to.deep.equal({ name: 'a', value: 'ä' });
    const { will } = decodeConnect(withWill);
    expect(will?.properties).to.deep.equal(many.subarray(2));
  });
});
