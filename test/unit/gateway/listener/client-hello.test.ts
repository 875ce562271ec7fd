import { expect } from 'chai';
import { hasClientHello } from '../../../../src/gateway/listener/client-hello.ts';

describe('gateway: hasClientHello', () => {
  const record = (length: number, bytes: number): Buffer =>
    Buffer.concat([Buffer.from([22, 3, 1, length >> 8, length & 255]), Buffer.alloc(bytes)]);

  it('waits for the whole first record', () => {
    const whole = record(300, 300);
    for (let bytes = 0; bytes < whole.length; bytes++) {
      expect(hasClientHello(whole.subarray(0, bytes)), String(bytes)).to.equal(false);
    }
    expect(hasClientHello(whole)).to.equal(true);
    expect(hasClientHello(Buffer.concat([whole, Buffer.alloc(10)]))).to.equal(true);
  });

  it('does not wait for what is no handshake, or longer than a record may be', () => {
    expect(hasClientHello(Buffer.from([21]))).to.equal(true);
    expect(hasClientHello(Buffer.from('GET'))).to.equal(true);
    expect(hasClientHello(record(18_432, 0))).to.equal(false);
    expect(hasClientHello(record(18_433, 0))).to.equal(true);
  });
});
