import { expect } from 'chai';
import { Cursor } from '../../../../src/gateway/session/cursor.ts';
import { addGap, passGaps } from '../../../../src/gateway/session/queue-gaps.ts';
import type { SessionCursor } from '../../../../src/gateway/session/session.ts';

function cursorAt(offset: number): SessionCursor {
  return new Cursor(undefined as never, undefined as never, 1, offset);
}

describe('gateway: gaps of a cursor', () => {
  it('stops batches at the first one', () => {
    const cursor = cursorAt(10);
    expect(cursor.stopAt).to.equal(-1);
    expect(addGap(cursor, 20, 30)).to.equal(10);
    expect(addGap(cursor, 40, 50)).to.equal(10);
    expect(cursor.stopAt).to.equal(20);
  });

  it('lets the cursor pass over those that it has come to', () => {
    const cursor = cursorAt(10);
    addGap(cursor, 20, 30);
    addGap(cursor, 31, 40);
    passGaps(cursor);
    expect(cursor.offset).to.equal(10);
    expect(cursor.dirty).to.equal(false);
    cursor.offset = 20;
    passGaps(cursor);
    expect(cursor.offset).to.equal(30);
    expect(cursor.stopAt).to.equal(31);
    expect(cursor.dirty).to.equal(true);
    cursor.offset = 35;
    passGaps(cursor);
    expect(cursor.offset).to.equal(40);
    expect(cursor.stopAt).to.equal(-1);
  });

  it('joins those that touch, and counts what is new', () => {
    const cursor = cursorAt(10);
    addGap(cursor, 20, 30);
    expect(addGap(cursor, 30, 35)).to.equal(5);
    expect(addGap(cursor, 20, 40)).to.equal(5);
    expect(addGap(cursor, 15, 45)).to.equal(10);
    expect(cursor.gaps).to.deep.equal([{ from: 15, to: 45 }]);
    expect(cursor.stopAt).to.equal(15);
  });

  it('leaves out what is delivered', () => {
    const cursor = cursorAt(25);
    expect(addGap(cursor, 20, 30)).to.equal(5);
    expect(addGap(cursor, 20, 25)).to.equal(0);
    passGaps(cursor);
    expect(cursor.offset).to.equal(30);
  });

  it('has a limit of them, and drops no more then', () => {
    const cursor = cursorAt(0);
    for (let i = 1; i <= 1024; i++) expect(addGap(cursor, i * 10, i * 10 + 5)).to.equal(5);
    expect(addGap(cursor, 20_000, 20_010)).to.equal(0);
    expect(cursor.gaps).to.have.lengthOf(1024);
  });
});
