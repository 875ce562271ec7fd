import { expect } from 'chai';
import { copyWords } from '../../../../src/common/bytes/copy-words.ts';
import { viewOf } from '../../../../src/common/bytes/recent-view.ts';

describe('common: copyWords', () => {
  it('copies as many bytes as it is told, wherever they begin, and touches no others', () => {
    const source = Buffer.from(Array.from({ length: 64 }, (_, i) => i + 1));
    for (let length = 0; length <= 40; length++) {
      for (const [start, at] of [
        [0, 0],
        [1, 2],
        [3, 5],
        [7, 1],
      ] as const) {
        const target = Buffer.alloc(64, 0xee);
        const expected = Buffer.from(target);
        source.copy(expected, at, start, start + length);
        copyWords(viewOf(source), start, length, viewOf(target), at);
        expect(target, `${String(length)} from ${String(start)}`).to.deep.equal(expected);
      }
    }
  });

  it('copies to a place right behind', () => {
    const buffer = Buffer.from('0123456789..........');
    copyWords(viewOf(buffer), 0, 10, viewOf(buffer), 10);
    expect(buffer.toString()).to.equal('01234567890123456789');
  });
});
