import { expect } from 'chai';
import { newestBehindDamage } from '../../../../src/lmq/embedded/journal-damage.ts';
import {
  encodeWrite,
  JOURNAL_HEADER_BYTES,
  NUMBERS_OF_A_LIFE,
  sealEntry,
} from '../../../../src/lmq/embedded/layout/v1/journal-entry.ts';

const LIFE = 1_234_567 * NUMBERS_OF_A_LIFE;

function entry(sequence: number): Buffer {
  const buffer = Buffer.alloc(64);
  const key = Buffer.from(`k${String(sequence)}`);
  const end = encodeWrite(buffer, JOURNAL_HEADER_BYTES, key, Buffer.from('value'));
  sealEntry(buffer, 0, end, sequence);
  return buffer.subarray(0, end);
}

function list(...numbers: number[]): Buffer {
  return Buffer.concat(numbers.map((number) => entry(LIFE + number)));
}

describe('newestBehindDamage', () => {
  it('finds the newest entry behind any one byte that is wrong, in the header or behind it', () => {
    const whole = list(5, 6, 7, 8);
    const { length } = entry(LIFE + 5);
    for (let at = length; at < 2 * length; at++) {
      const bytes = Buffer.from(whole);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 0x10, at);
      expect(newestBehindDamage(bytes, length, LIFE + 5), `byte ${String(at)}`).to.equal(LIFE + 8);
    }
  });

  it('finds entries that follow what is missing', () => {
    expect(newestBehindDamage(list(7, 8), 0, LIFE + 5)).to.equal(LIFE + 8);
  });

  it('takes no entry of an earlier list or another life, and none that is not whole', () => {
    const last = LIFE + 9;
    expect(newestBehindDamage(list(5, 6, 7, 8, 9), 0, last), 'an earlier list').to.equal(last);
    const other = entry(LIFE + NUMBERS_OF_A_LIFE + 10);
    expect(newestBehindDamage(other, 0, last), 'another life').to.equal(last);
    const whole = list(10);
    for (let end = 0; end < whole.length; end++) {
      expect(newestBehindDamage(whole.subarray(0, end), 0, last), 'cut off').to.equal(last);
    }
    expect(newestBehindDamage(whole, 0, last)).to.equal(LIFE + 10);
  });
});
