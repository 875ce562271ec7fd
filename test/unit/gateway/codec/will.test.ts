import { expect } from 'chai';
import { readWillProperties } from '../../../../src/gateway/codec/will.ts';
import { WireReader } from '../../../../src/gateway/codec/wire-reader.ts';
import { protocolErrorOf } from './packets.ts';

const read = (...properties: number[]): ReturnType<typeof readWillProperties> => {
  const wire = Buffer.from([properties.length, ...properties]);
  return readWillProperties(new WireReader(wire, 0, wire.length));
};

describe('will properties', () => {
  it('are no delay and no expiry when there are none', () => {
    expect(read()).to.deep.equal({
      delaySeconds: 0,
      expirySeconds: undefined,
      properties: Buffer.alloc(0),
    });
  });

  it('tell expiry 0 from none', () => {
    expect(read(0x02, 0, 0, 0, 0).expirySeconds).to.equal(0);
  });

  it('are those of a PUBLISH and the delay, no others', () => {
    expect(read(0x01, 1, 0x09, 0, 1, 7).properties.toString('hex')).to.equal('010109000107');
    for (const properties of [
      [0x23, 0, 1],
      [0x0b, 1],
      [0x21, 0, 1],
    ]) {
      protocolErrorOf(() => read(...properties));
    }
  });
});
