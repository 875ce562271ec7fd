import { expect } from 'chai';
import type { CommitTrigger } from '../../../../src/lmq/embedded/commit-part.ts';
import { ExpiredEntries } from '../../../../src/lmq/embedded/expired-entries.ts';
import type { KvBatch } from '../../../../src/lmq/embedded/kv-batch.ts';
import type { KvEntry } from '../../../../src/lmq/embedded/kv-engine.ts';

const entry = (name: string): KvEntry => ({ key: Buffer.from(name), value: Buffer.alloc(0) });

describe('ExpiredEntries', () => {
  let deleted: string[];
  let touched: number;
  let settle: () => void;
  let expired: ExpiredEntries;
  const batch: KvBatch = {
    size: 0,
    put: () => undefined,
    del: (key) => deleted.push(key.toString()),
    write: () => true,
  };

  beforeEach(() => {
    deleted = [];
    touched = 0;
    const durable = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const trigger: CommitTrigger = {
      openCommit: 1,
      touch: (bytes) => {
        touched += bytes;
        return 1;
      },
      committed: () => durable,
    };
    expired = new ExpiredEntries(trigger);
  });

  it('deletes with the commit that was open, and what comes later with the next one', async () => {
    let isOver = false;
    const first = expired.delete([entry('a'), entry('bc')]).then(() => {
      isOver = true;
    });
    expect(touched).to.equal(3);
    expired.seal();
    void expired.delete([entry('d')]);
    expired.fill(batch);
    expect(deleted).to.deep.equal(['a', 'bc']);
    await Promise.resolve();
    expect(isOver).to.equal(false);
    expired.settle();
    settle();
    await first;
    expired.seal();
    expired.fill(batch);
    expired.settle();
    expect(deleted).to.deep.equal(['a', 'bc', 'd']);
  });

  it('adds nothing to a commit without deletions', async () => {
    settle();
    await expired.delete([entry('a')]);
    expired.seal();
    expired.fill(batch);
    expired.settle();
    expired.seal();
    expired.fill(batch);
    expired.settle();
    expect(deleted).to.deep.equal(['a']);
  });
});
