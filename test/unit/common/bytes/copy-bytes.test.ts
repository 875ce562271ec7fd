import { expect } from 'chai';
import { copyAll, copyBytes } from '../../../../src/common/bytes/copy-bytes.ts';

describe('common: copyBytes and copyAll', () => {
  for (const length of [0, 1, 9, 10, 35, 36, 200]) {
    it(`copy ${String(length)} bytes to their place, and nothing else`, () => {
      const bytes = Buffer.from(Array.from({ length }, (_, i) => i + 1));
      const around = Buffer.concat([Buffer.from([7, 7]), bytes, Buffer.from([7])]);
      const part = Buffer.alloc(length + 5, 9);
      expect(copyBytes(around, 2, 2 + length, part, 3)).to.equal(3 + length);
      const whole = Buffer.alloc(length + 5, 9);
      expect(copyAll(bytes, whole, 3)).to.equal(3 + length);
      const expected = Buffer.concat([Buffer.alloc(3, 9), bytes, Buffer.alloc(2, 9)]);
      expect(part.equals(expected)).to.equal(true);
      expect(whole.equals(expected)).to.equal(true);
    });
  }
});
