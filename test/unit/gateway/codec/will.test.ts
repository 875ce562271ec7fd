import { expect } from 'chai';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
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

  it('keep user properties where they are, around the delay and the expiry [MQTT5-3.1.3-10]', () => {
    const user = (name: string): number[] => [0x26, 0, 1, ...Buffer.from(name), 0, 1, 0x76];
    const delay = [0x18, 0, 0, 0, 5];
    const expiry = [0x02, 0, 0, 0, 6];
    const kept = [user('a'), user('b'), [0x01, 1], user('c')];
    for (let at = 0; at <= kept.length; at++) {
      for (let other = 0; other <= kept.length; other++) {
        const list = [...kept];
        list.splice(at, 0, delay);
        list.splice(other, 0, expiry);
        const found = read(...list.flat());
        expect(found).to.include({ delaySeconds: 5, expirySeconds: 6 });
        expect([...found.properties]).to.deep.equal(kept.flat());
      }
    }
  });

  it('have a response topic without wildcards [MQTT5-3.3.2-14]', () => {
    const responseTopic = (name: string): number[] => [0x08, 0, name.length, ...Buffer.from(name)];
    expect(read(...responseTopic('a/b')).properties.toString('hex')).to.equal('080003612f62');
    for (const name of ['a/#', '+', '']) {
      const error = protocolErrorOf(() => read(...responseTopic(name)));
      expect(error.reasonCode).to.equal(ReasonCode.PROTOCOL_ERROR);
    }
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
