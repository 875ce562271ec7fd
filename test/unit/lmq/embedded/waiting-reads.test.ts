import { expect } from 'chai';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { WaitingReads } from '../../../../src/lmq/embedded/waiting-reads.ts';
import { rejection } from '../../../conformance/lmq-store/harness.ts';

describe('WaitingReads', () => {
  it('go on when the engine has what was durable before them, and not sooner', async () => {
    const reads = new WaitingReads();
    const done: number[] = [];
    for (const sequence of [3, 3, 5]) {
      void reads.wait(sequence).then(() => done.push(sequence));
    }
    for (const [applied, expected] of [
      [2, []],
      [4, [3, 3]],
      [5, [3, 3, 5]],
    ] as const) {
      reads.wake(applied, undefined);
      await Promise.resolve();
      expect(done).to.deep.equal(expected);
    }
  });

  it('fail when the engine does', async () => {
    const reads = new WaitingReads();
    const failure = new StoreError(ErrorCode.STORE_UNAVAILABLE, 'no space left');
    const some = [reads.wait(1), reads.wait(7)].map((read) => rejection(read));
    reads.wake(1, failure);
    expect(await Promise.all(some)).to.deep.equal([failure, failure]);
  });
});
