import { expect } from 'chai';
import { OwnWrites } from '../../../../src/gateway/retained/own-writes.ts';
import { commitBase } from '../../../../src/lmq/spi/lane.ts';

describe('gateway: retained messages being written', () => {
  it('wait for the newest commit of their lane, and for no other lane', () => {
    const own = new OwnWrites();
    const other = commitBase(1);
    own.wrote('a', 5);
    own.wrote('b', 6);
    own.wrote('c', other + 2);
    expect(['a', 'b', 'c', 'd'].map((key) => own.pending(key))).to.deep.equal([6, 6, other + 2, 0]);
    own.settled(5);
    own.settled(other + 1);
    expect(['a', 'b', 'c'].map((key) => own.pending(key))).to.deep.equal([6, 6, other + 2]);
    own.settled(other + 2);
    expect(['a', 'b', 'c'].map((key) => own.pending(key))).to.deep.equal([6, 6, 0]);
    own.settled(7);
    expect(['a', 'b', 'c'].map((key) => own.pending(key))).to.deep.equal([0, 0, 0]);
  });
});
