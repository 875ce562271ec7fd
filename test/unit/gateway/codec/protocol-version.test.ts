import { expect } from 'chai';
import { isServed, ProtocolVersion } from '../../../../src/gateway/codec/protocol-version.ts';

describe('isServed', () => {
  it('is true for MQTT 3.1.1 alone so far', () => {
    expect(Object.values(ProtocolVersion).filter(isServed)).to.deep.equal([4]);
  });
});
