import { expect } from 'chai';
import { ClaimKind, leavesSomething } from '../../../../src/lmq/spi/cluster.ts';

describe('leavesSomething', () => {
  it('is false of what is seen to at another store, or begins anew with its next owner', () => {
    const kinds = Object.entries(ClaimKind).filter(([, kind]) => leavesSomething(kind));
    expect(kinds.map(([name]) => name)).to.deep.equal(['SESSION', 'WILL', 'MEMBERSHIP']);
  });
});
