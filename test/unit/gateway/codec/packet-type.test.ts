import { expect } from 'chai';
import { PacketType, packetTypeName } from '../../../../src/gateway/codec/packet-type.ts';

describe('packetTypeName', () => {
  it('names every type and shows reserved numbers', () => {
    for (const [name, type] of Object.entries(PacketType)) {
      expect(packetTypeName(type)).to.equal(name);
    }
    expect(packetTypeName(0)).to.equal('packet type 0');
    expect(packetTypeName(16)).to.equal('packet type 16');
  });
});
