import { expect } from 'chai';
import { PropertyId, PropertySet } from '../../../../src/gateway/codec/property-set.ts';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { WireReader } from '../../../../src/gateway/codec/wire-reader.ts';
import { protocolErrorOf } from './packets.ts';

const ALL = Object.values(PropertyId);

function read(bytes: number[], allowed: readonly PropertyId[] = ALL): PropertySet {
  const wire = Buffer.from([bytes.length, ...bytes]);
  return PropertySet.read(new WireReader(wire, 0, wire.length), allowed);
}

describe('PropertySet', () => {
  it('reads each property with its type (MQTT 5 §2.2.2.2)', () => {
    const numbers: [PropertyId, number[], number][] = [
      [PropertyId.PAYLOAD_FORMAT_INDICATOR, [1], 1],
      [PropertyId.MESSAGE_EXPIRY_INTERVAL, [0, 0, 1, 0], 256],
      [PropertyId.SUBSCRIPTION_IDENTIFIER, [0x80, 0x01], 128],
      [PropertyId.SESSION_EXPIRY_INTERVAL, [255, 255, 255, 255], 0xffff_ffff],
      [PropertyId.REQUEST_PROBLEM_INFORMATION, [0], 0],
      [PropertyId.WILL_DELAY_INTERVAL, [0, 0, 0, 5], 5],
      [PropertyId.REQUEST_RESPONSE_INFORMATION, [1], 1],
      [PropertyId.RECEIVE_MAXIMUM, [1, 0], 256],
      [PropertyId.TOPIC_ALIAS_MAXIMUM, [0, 9], 9],
      [PropertyId.MAXIMUM_PACKET_SIZE, [0, 1, 0, 0], 65_536],
    ];
    for (const [id, bytes, value] of numbers) {
      expect(read([id, ...bytes]).number(id, undefined), `property ${id}`).to.equal(value);
    }
    for (const id of [
      PropertyId.CONTENT_TYPE,
      PropertyId.RESPONSE_TOPIC,
      PropertyId.AUTHENTICATION_METHOD,
    ]) {
      expect(read([id, 0, 2, 0x61, 0x62]).text(id)).to.equal('ab');
    }
    for (const id of [PropertyId.CORRELATION_DATA, PropertyId.AUTHENTICATION_DATA]) {
      expect(read([id, 0, 2, 0, 255]).bytes(id)).to.deep.equal(Buffer.from([0, 255]));
    }
  });

  it('has nothing of what is not there', () => {
    const empty = read([]);
    expect(empty.number(PropertyId.RECEIVE_MAXIMUM, 7)).to.equal(7);
    expect(empty.text(PropertyId.CONTENT_TYPE)).to.equal(undefined);
    expect(empty.bytes(PropertyId.CORRELATION_DATA)).to.equal(undefined);
    expect(empty.has(PropertyId.CONTENT_TYPE)).to.equal(false);
    expect(empty.userProperties).to.deep.equal([]);
  });

  it('keeps user properties in order, with repeated names and any name', () => {
    const pair = (name: string): number[] => [
      0x26,
      0,
      name.length,
      ...Buffer.from(name),
      0,
      1,
      0x76,
    ];
    const names = ['z', '__proto__', 'a', 'z'];
    expect(read(names.flatMap(pair)).userProperties.map(({ name }) => name)).to.deep.equal(names);
  });

  it('keeps user properties in order with others between them, and checks them unasked', () => {
    const pair = (name: string, value = 'v'): number[] => [
      ...[0x26, 0, name.length, ...Buffer.from(name)],
      ...[0, value.length, ...Buffer.from(value)],
    ];
    const set = read([...pair('a', ''), ...pair('b'), 0x21, 0, 9, ...pair('', 'c')]);
    expect(set.userProperties).to.deep.equal([
      { name: 'a', value: '' },
      { name: 'b', value: 'v' },
      { name: '', value: 'c' },
    ]);
    expect(set.userProperties).to.equal(set.userProperties);
    expect(set.number(PropertyId.RECEIVE_MAXIMUM, undefined)).to.equal(9);
    for (const bytes of [pair('a\u0000'), pair('a').slice(0, -1), [0x26]]) {
      expect(protocolErrorOf(() => read(bytes)).reasonCode).to.equal(ReasonCode.MALFORMED_PACKET);
    }
  });

  it('refuses every other property twice', () => {
    const twice = [PropertyId.RECEIVE_MAXIMUM, 0, 1, PropertyId.RECEIVE_MAXIMUM, 0, 1];
    expect(protocolErrorOf(() => read(twice)).reasonCode).to.equal(ReasonCode.PROTOCOL_ERROR);
  });

  it('refuses what the packet may not carry', () => {
    expect(protocolErrorOf(() => read([0x21, 0, 1], [])).reasonCode).to.equal(
      ReasonCode.MALFORMED_PACKET,
    );
  });

  it('does not read a property beyond the property length', () => {
    const wire = Buffer.from([2, 0x21, 0, 1]);
    const reader = new WireReader(wire, 0, wire.length);
    expect(protocolErrorOf(() => PropertySet.read(reader, ALL)).reasonCode).to.equal(
      ReasonCode.MALFORMED_PACKET,
    );
  });
});
