import { expect } from 'chai';
import { type CommitPart, PartOfCommit } from '../../../../src/lmq/embedded/commit-part.ts';
import { GroupCommit } from '../../../../src/lmq/embedded/group-commit.ts';
import type { KvEngine } from '../../../../src/lmq/embedded/kv-engine.ts';

const NAMES = Object.keys(PartOfCommit);

describe('GroupCommit', () => {
  let calls: string[];
  let waiting: Promise<void> | undefined;
  let commits: GroupCommit;

  function part(name: string): CommitPart {
    return {
      seal: (commit) => calls.push(`seal ${name} ${String(commit)}`),
      ready: () => (name === 'LOG' ? waiting : undefined),
      fill: (batch) => {
        calls.push(`fill ${name}`);
        batch.put(Buffer.from(name), Buffer.from('1'));
      },
      settle: (isDurable) => calls.push(`settle ${name} ${String(isDurable)}`),
    };
  }

  /** Durable at once, as small commits in the journal are. */
  function batch(): ReturnType<KvEngine['batch']> {
    let size = 0;
    const add = (): void => {
      size++;
    };
    return {
      get size(): number {
        return size;
      },
      put: add,
      del: add,
      write: () => true,
    };
  }

  beforeEach(() => {
    calls = [];
    waiting = undefined;
    const engine = { commitBatch: batch } as Partial<KvEngine> as KvEngine;
    commits = new GroupCommit(engine, false, NAMES.map(part));
  });

  it('calls the parts that have touched a commit, in their order, and no others', async () => {
    commits.touch(1, PartOfCommit.STATES);
    commits.touch(1, PartOfCommit.LOG);
    commits.touch(1, PartOfCommit.STATES);
    await commits.committed(1);
    expect(calls).to.deep.equal([
      'seal LOG 1',
      'seal STATES 1',
      'fill LOG',
      'fill STATES',
      'settle LOG true',
      'settle STATES true',
    ]);
    calls.length = 0;
    commits.touch(1, PartOfCommit.OFFSETS);
    await commits.committed(2);
    expect(calls).to.deep.equal(['seal OFFSETS 2', 'fill OFFSETS', 'settle OFFSETS true']);
  });

  it('closes a commit that nobody has anything for', async () => {
    const commit = commits.touch(0);
    await commits.committed(commit);
    expect(calls).to.deep.equal([]);
    expect(commits.durableCommits).to.equal(1);
  });

  it('takes the names given while a commit waits into that commit, the removed ones first', async () => {
    let go: () => void = () => undefined;
    waiting = new Promise((resolve) => {
      go = resolve;
    });
    commits.touch(1, PartOfCommit.LOG);
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).to.deep.equal(['seal LOG 1']);
    expect(commits.touch(3, PartOfCommit.DICTIONARY)).to.equal(1);
    expect(commits.touch(2, PartOfCommit.DEAD_QUEUES)).to.equal(1);
    expect(commits.touch(4, PartOfCommit.STATES)).to.equal(2);
    expect(commits.backlogBytes).to.equal(10);
    calls.length = 0;
    go();
    await commits.committed(1);
    expect(calls).to.deep.equal([
      'seal DEAD_QUEUES 1',
      'seal DICTIONARY 1',
      'fill LOG',
      'fill DEAD_QUEUES',
      'fill DICTIONARY',
      'settle LOG true',
      'settle DEAD_QUEUES true',
      'settle DICTIONARY true',
    ]);
    expect(commits.backlogBytes).to.equal(4);
  });

  it('settles behind all who have waited for the same as a commit', async () => {
    let go: () => void = () => undefined;
    waiting = new Promise((resolve) => {
      go = resolve;
    });
    commits.touch(1, PartOfCommit.LOG);
    await new Promise((resolve) => setImmediate(resolve));
    const others = (async (): Promise<void> => {
      await waiting;
      for (let hops = 0; hops < 20; hops++) await Promise.resolve();
      calls.push('others');
    })();
    go();
    await commits.committed(1);
    await others;
    expect(calls.indexOf('others')).to.equal(1);
  });

  it('tells the parts of a commit that fails, and of all that come after it', async () => {
    waiting = Promise.reject(new Error('no queue'));
    waiting.catch(() => undefined);
    commits.touch(1, PartOfCommit.LOG);
    expect(await rejection(commits.committed(1))).to.be.instanceOf(Error);
    commits.touch(1, PartOfCommit.STATES);
    expect(await rejection(commits.committed(2))).to.be.instanceOf(Error);
    expect(calls).to.deep.equal([
      'seal LOG 1',
      'settle LOG false',
      'seal STATES 2',
      'settle STATES false',
    ]);
  });
});

function rejection(promise: Promise<void>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
