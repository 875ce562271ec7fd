import { expect } from 'chai';
import { FrameDecoder } from '../../../src/remoting/frame-decoder.ts';
import { encodeFrame } from '../../../src/remoting/frame.ts';
import { RemotingProtocolError } from '../../../src/remoting/remoting-error.ts';
import { aCommand, BINARY_PUT_FRAME, JSON_PUT_FRAME } from './remoting-fixtures.ts';

describe('FrameDecoder', () => {
  it('gives a command when its last byte has come, not before', () => {
    const decoder = new FrameDecoder();
    for (const byte of JSON_PUT_FRAME.subarray(0, -1)) {
      decoder.push(Buffer.from([byte]));
      expect(decoder.next()).to.equal(undefined);
    }
    decoder.push(JSON_PUT_FRAME.subarray(-1));
    expect(decoder.next()?.opaque).to.equal(258);
    expect(decoder.next()).to.equal(undefined);
  });

  it('gives every command of one chunk, in order', () => {
    const decoder = new FrameDecoder();
    const frames = [1, 2, 3].map((opaque) => encodeFrame(aCommand({ opaque })));
    decoder.push(Buffer.concat([...frames, BINARY_PUT_FRAME, JSON_PUT_FRAME.subarray(0, 9)]));
    const opaques = [1, 2, 3, 4].map(() => decoder.next()?.opaque);
    expect(opaques).to.deep.equal([1, 2, 3, 258]);
    expect(decoder.next()).to.equal(undefined);
    expect(decoder.bufferedBytes).to.equal(9);
  });

  it('keeps the body apart from the chunk it came in', () => {
    const decoder = new FrameDecoder();
    const chunk = Buffer.from(JSON_PUT_FRAME);
    decoder.push(chunk);
    chunk.fill(0);
    expect(decoder.next()?.body?.toString()).to.equal('hi');
  });

  it('refuses an oversized frame at its length field, before buffering it', () => {
    const decoder = new FrameDecoder(1024);
    decoder.push(Buffer.from('000003fd', 'hex'));
    expect(() => decoder.next()).to.throw(RemotingProtocolError, 'limit of 1024');
  });

  it('waits for a frame of exactly the limit', () => {
    const decoder = new FrameDecoder(1024);
    decoder.push(Buffer.from('000003fc00', 'hex'));
    expect(decoder.next()).to.equal(undefined);
  });

  it('has 16 MiB as default limit', () => {
    const decoder = new FrameDecoder();
    decoder.push(Buffer.from('00fffffd', 'hex'));
    expect(() => decoder.next()).to.throw(RemotingProtocolError, '16777216');
  });

  it('refuses a length that cannot be', () => {
    for (const length of ['00000003', '00000000', 'ffffffff', '80000000']) {
      const decoder = new FrameDecoder();
      decoder.push(Buffer.from(length, 'hex'));
      expect(() => decoder.next(), length).to.throw(RemotingProtocolError, 'too small');
    }
  });

  it('refuses a bad header length before the frame is complete', () => {
    const decoder = new FrameDecoder();
    decoder.push(Buffer.from('0000010000000fff', 'hex'));
    expect(() => decoder.next()).to.throw(RemotingProtocolError, 'bad header length');
  });

  it('owns no bytes when everything is decoded', () => {
    const decoder = new FrameDecoder();
    decoder.push(JSON_PUT_FRAME);
    decoder.next();
    expect(decoder.bufferedBytes).to.equal(0);
  });
});
