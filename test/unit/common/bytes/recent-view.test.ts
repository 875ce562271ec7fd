import { expect } from 'chai';
import { RecentView, viewOf } from '../../../../src/common/bytes/recent-view.ts';

describe('common: RecentView', () => {
  it('has a view from the third use in a row on, and keeps it', () => {
    const views = new RecentView();
    const buffer = Buffer.alloc(8);
    expect(views.of(buffer)).to.equal(undefined);
    expect(views.of(buffer)).to.equal(undefined);
    const view = views.of(buffer);
    expect(view?.byteLength).to.equal(8);
    expect(views.of(buffer)).to.equal(view);
  });

  it('knows one buffer: another one takes its place', () => {
    const views = new RecentView();
    const [one, other] = [Buffer.alloc(8), Buffer.alloc(9)];
    for (let i = 0; i < 3; i++) views.of(one);
    expect(views.of(other)).to.equal(undefined);
    expect(views.of(one)).to.equal(undefined);
    for (let i = 0; i < 2; i++) views.of(other);
    expect(views.of(other)?.byteLength).to.equal(9);
  });

  it('has none for buffers that take turns', () => {
    const views = new RecentView();
    const [one, other] = [Buffer.alloc(8), Buffer.alloc(8)];
    for (let i = 0; i < 10; i++) {
      expect(views.of(one)).to.equal(undefined);
      expect(views.of(other)).to.equal(undefined);
    }
  });

  it('is of the part of the memory that the buffer is', () => {
    const buffer = Buffer.from([1, 2, 3, 4, 5, 6]).subarray(2, 5);
    const view = viewOf(buffer);
    expect(view.byteLength).to.equal(3);
    expect(view.getUint8(0)).to.equal(3);
  });

  it('is made at once where it is told to, for that buffer alone', () => {
    const views = new RecentView();
    const [one, other] = [Buffer.alloc(8), Buffer.alloc(9)];
    const view = views.make(one);
    expect(view.byteLength).to.equal(8);
    expect(views.make(one)).to.equal(view);
    expect(views.of(one)).to.equal(view);
    expect(views.make(other).byteLength).to.equal(9);
    expect(views.of(one)).to.equal(undefined);
  });

  it('is the one that it is told', () => {
    const views = new RecentView();
    const whole = Buffer.from('whole');
    const part = whole.subarray(0, 2);
    const view = viewOf(whole);
    views.know(part, view);
    expect(views.of(part)).to.equal(view);
    expect(views.make(part)).to.equal(view);
    expect(views.of(whole)).to.equal(undefined);
  });
});
