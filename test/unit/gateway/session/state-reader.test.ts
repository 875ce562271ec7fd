import { expect } from 'chai';
import fc from 'fast-check';
import { writeVarint } from '../../../../src/common/bytes/varint.ts';
import { StoreError } from '../../../../src/common/errors.ts';
import { MAX_U48, StateReader, writeU48 } from '../../../../src/gateway/session/state-reader.ts';

const readerOf = (...bytes: number[]): StateReader =>
  new StateReader(Buffer.from(bytes), 'thing', 'c"1');

describe('StateReader', () => {
  it('reads big-endian fields in order', () => {
    const reader = readerOf(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 0, 0, 0, 1, 2, 0xc3, 0xa4);
    expect(reader.u8()).to.equal(1);
    expect(reader.u16()).to.equal(0x0203);
    expect(reader.u24()).to.equal(0x040506);
    expect(reader.u32()).to.equal(0x0708090a);
    expect(reader.u48()).to.equal(0x0102);
    expect(reader.text(2)).to.equal('ä');
    reader.expectEnd();
  });

  it('refuses to read beyond the end, naming the record and the client', () => {
    expect(() => readerOf(1).u16()).to.throw(
      StoreError,
      'thing of client "c\\"1" is unreadable: it is cut off',
    );
    expect(() => {
      readerOf(1, 2).expectEnd();
    }).to.throw(StoreError, '2 bytes too many');
    expect(() => readerOf(0xff).text(1)).to.throw(StoreError, 'not UTF-8');
  });

  it('reads the 48 bits that writeU48 wrote', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_U48 }), (value) => {
        const bytes = Buffer.alloc(8);
        expect(writeU48(bytes, value, 1)).to.equal(7);
        expect(bytes.readUIntBE(1, 6)).to.equal(value);
        expect([bytes[0], bytes[7]]).to.deep.equal([0, 0]);
      }),
    );
  });

  it('reads varints as they are written, and no other form of them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (value) => {
        const bytes = Buffer.alloc(8);
        const end = writeVarint(bytes, value, 0);
        const reader = readerOf(...bytes.subarray(0, end));
        expect(reader.varint()).to.equal(value);
        reader.expectEnd();
      }),
    );
    expect(() => readerOf(0x80, 0).varint()).to.throw(StoreError, 'illegal number');
    const tooLarge = readerOf(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f);
    expect(() => tooLarge.varint()).to.throw(StoreError, 'illegal number');
    const tooLong = readerOf(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1);
    expect(() => tooLong.varint()).to.throw(StoreError, 'illegal number');
    expect(() => readerOf(0x80).varint()).to.throw(StoreError, 'cut off');
  });

  it('reads packet identifiers, which are never 0', () => {
    expect(readerOf(0xff, 0xff).packetId()).to.equal(65_535);
    expect(() => readerOf(0, 0).packetId()).to.throw(StoreError, 'packet identifier 0');
  });
});
