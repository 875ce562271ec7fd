import { expect } from 'chai';
import { CommitWaiters } from '../../../../src/gateway/session/commit-waiters.ts';

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
});
