import { expect } from 'chai';
import { CommitWaiters } from '../../../../src/gateway/session/commit-waiters.ts';
import { commitBase } from '../../../../src/lmq/spi/lane.ts';

describe('gateway: CommitWaiters', () => {
  it('tells each waiter once per commit, in commit order', () => {
    const waiters = new CommitWaiters();
    const told: string[] = [];
    const waiter = (name: string) => ({
      onCommit: (commit: number, error: Error | undefined) => {
        told.push(`${name}${String(commit)}${error?.message ?? ''}`);
      },
    });
    const [a, b] = [waiter('a'), waiter('b')];
    waiters.add(1, a);
    waiters.add(1, a);
    waiters.add(1, b);
    waiters.add(2, b);
    waiters.add(4, a);
    waiters.onCommit(0, undefined);
    expect(told).to.deep.equal([]);
    waiters.onCommit(1, undefined);
    expect(told).to.deep.equal(['a1', 'b1']);
    waiters.onCommit(3, new Error('!'));
    expect(told).to.deep.equal(['a1', 'b1', 'b2!']);
    waiters.onCommit(4, undefined);
    waiters.onCommit(5, undefined);
    expect(told).to.deep.equal(['a1', 'b1', 'b2!', 'a4']);
  });

  it('lets a waiter wait again', () => {
    const waiters = new CommitWaiters();
    const told: number[] = [];
    const waiter = {
      onCommit: (commit: number) => {
        told.push(commit);
        if (commit < 3) waiters.add(commit + 1, waiter);
      },
    };
    waiters.add(1, waiter);
    for (const commit of [1, 2, 3, 4]) waiters.onCommit(commit, undefined);
    expect(told).to.deep.equal([1, 2, 3]);
  });

  it('tells of each store by itself', () => {
    const other = commitBase(2);
    const waiters = new CommitWaiters();
    const told: number[] = [];
    const waiter = { onCommit: (commit: number) => told.push(commit) };
    waiters.add(other + 1, waiter);
    waiters.add(3, waiter);
    waiters.add(other + 2, waiter);
    waiters.onCommit(2, undefined);
    expect(told).to.deep.equal([]);
    waiters.onCommit(3, undefined);
    expect(told).to.deep.equal([3]);
    waiters.onCommit(other + 1, undefined);
    waiters.onCommit(4, undefined);
    expect(told).to.deep.equal([3, other + 1]);
    waiters.onCommit(other + 2, undefined);
    expect(told).to.deep.equal([3, other + 1, other + 2]);
  });
});
