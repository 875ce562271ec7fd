import { expect } from 'chai';
import { CommitPromises } from '../../../../src/lmq/spi/commit-promises.ts';
import { failureOf } from '../../../helpers/failure-of.ts';

describe('CommitPromises', () => {
  it('settles all that wait for a commit with its outcome, and nobody else', async () => {
    const promises = new CommitPromises();
    const settled: string[] = [];
    const wait = (commit: number): void => {
      void promises.of(commit).then(() => settled.push(`durable ${String(commit)}`));
    };
    wait(1);
    wait(1);
    wait(2);
    const failed = failureOf(promises.of(3));
    promises.settle(1, undefined);
    const error = new Error('disk full');
    promises.settle(3, error);
    promises.settle(4, undefined);
    expect(await failed).to.equal(error);
    expect(settled).to.deep.equal(['durable 1', 'durable 1']);
  });
});
