import { expect } from 'chai';
import fc from 'fast-check';
import { isValidMqttUtf8 } from '../../../../src/common/bytes/utf8.ts';

const valid = (bytes: Buffer): boolean => isValidMqttUtf8(bytes, 0, bytes.length);

describe('isValidMqttUtf8', () => {
  it('accepts what is encoded correctly, the empty string too', () => {
    for (const text of ['', 'a', 'ä', '漢', '😀', 'a漢b', '\u007F\u0080']) {
      expect(valid(Buffer.from(text)), text).to.equal(true);
    }
  });

  it('refuses ill-formed sequences and surrogates [MQTT-1.5.3-1]', () => {
    for (const hex of [
      'ff',
      '80',
      'c3',
      'c080',
      'e28228',
      'eda080',
      'edbfbf',
      'f4908080',
      'f08080af',
      '61c3',
    ]) {
      const bytes = Buffer.from(hex, 'hex');
      expect(valid(bytes), hex).to.equal(false);
      // Longer strings are looked at by Node.js.
      expect(valid(Buffer.concat([Buffer.alloc(200, 'a'), bytes])), `200 before ${hex}`).to.equal(
        false,
      );
    }
  });

  it('takes the first and last character of each length, and no neighbour that is none', () => {
    const edges = ['c280', 'dfbf', 'e0a080', 'ed9fbf', 'ee8080', 'efbfbf', 'f0908080', 'f48fbfbf'];
    for (const hex of edges) expect(valid(Buffer.from(hex, 'hex')), hex).to.equal(true);
    const outside = [
      'c1bf',
      'e09fbf',
      'eda080',
      'f08fbfbf',
      'f4908080',
      'f5808080',
      'c27f',
      'c2c0',
    ];
    for (const hex of outside) expect(valid(Buffer.from(hex, 'hex')), hex).to.equal(false);
  });

  it('says the same of a string whatever its length', () => {
    for (let bytes = 120; bytes < 140; bytes++) {
      const text = Buffer.alloc(bytes, 'a');
      expect(valid(text)).to.equal(true);
      expect(valid(Buffer.concat([text, Buffer.from('ä漢😀')])), String(bytes)).to.equal(true);
      for (const at of [0, bytes - 1]) {
        for (const wrong of [0, 0xff]) {
          const other = Buffer.from(text);
          other[at] = wrong;
          expect(valid(other), `${String(wrong)} at ${String(at)}`).to.equal(false);
        }
      }
    }
  });

  it('refuses U+0000 before and after other characters [MQTT-1.5.3-2]', () => {
    for (const text of ['\u0000', 'a\u0000', '\u0000a', '漢\u0000', '漢a\u0000b']) {
      expect(valid(Buffer.from(text))).to.equal(false);
    }
  });

  it('takes a byte order mark as a character [MQTT-1.5.3-3]', () => {
    const bytes = Buffer.from('efbbbf61', 'hex');
    expect(valid(bytes)).to.equal(true);
    expect(bytes.toString('utf8')).to.equal('\uFEFFa');
  });

  it('looks only at its part of the buffer', () => {
    const bytes = Buffer.from('00ff61c3a46200ff', 'hex');
    expect(isValidMqttUtf8(bytes, 2, 6)).to.equal(true);
    expect(isValidMqttUtf8(bytes, 2, 4)).to.equal(false);
    expect(isValidMqttUtf8(bytes, 3, 3)).to.equal(true);
  });

  it('agrees with a strict decoder on any bytes', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const isWellFormed = (bytes: Uint8Array): boolean => {
      try {
        decoder.decode(bytes);
        return true;
      } catch (error) {
        if (error instanceof TypeError) return false;
        throw error;
      }
    };
    const pieces = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 4 }),
        fc.string({ unit: 'binary', maxLength: 3 }).map((text) => Buffer.from(text)),
      ),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        const bytes = Buffer.concat(parts);
        expect(valid(bytes)).to.equal(isWellFormed(bytes) && !bytes.includes(0));
      }),
      { numRuns: 2000 },
    );
  });
});
