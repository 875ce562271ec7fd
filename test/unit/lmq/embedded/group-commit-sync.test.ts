import { expect } from 'chai';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { PartOfCommit } from '../../../../src/lmq/embedded/commit-part.ts';
import { GroupCommit } from '../../../../src/lmq/embedded/group-commit.ts';
import type { KvBatch } from '../../../../src/lmq/embedded/kv-batch.ts';
import type { KvEngine } from '../../../../src/lmq/embedded/kv-engine.ts';

type Done = (error: StoreError | undefined) => void;

/** What is written ends when the test says so. */
class HeldBatch implements KvBatch {
  readonly #written: Done[];
  size = 0;

  constructor(written: Done[]) {
    this.#written = written;
  }

  put(): void {
    this.size++;
  }

  del(): void {
    this.size++;
  }

  write(_isSync: boolean, done: Done): boolean {
    this.#written.push(done);
    return false;
  }
}

describe('GroupCommit, when a commit is over and there is another one', () => {
  let written: Done[];
  let told: string[];
  let commits: GroupCommit;

  function start(isSync: boolean): void {
    written = [];
    told = [];
    const engine = { commitBatch: () => new HeldBatch(written) } as Partial<KvEngine> as KvEngine;
    const part = {
      seal: () => undefined,
      fill: (batch: KvBatch) => {
        batch.put(Buffer.from('k'), Buffer.from('v'));
      },
      settle: () => undefined,
    };
    commits = new GroupCommit(
      engine,
      isSync,
      Object.keys(PartOfCommit).map(() => part),
    );
    commits.onCommit((commit, error) => {
      const end = error === undefined ? 'durable' : error.message;
      told.push(`${String(commit)} ${end}, ${String(written.length)} written`);
    });
  }

  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  async function beginTwo(): Promise<void> {
    commits.touch(1, PartOfCommit.LOG);
    await turn();
    expect(written).to.have.length(1);
    commits.touch(1, PartOfCommit.LOG);
    await turn();
    expect(written).to.have.length(1);
  }

  it('writes that first with SYNC_FLUSH, and tells of the one that is over then', async () => {
    start(true);
    await beginTwo();
    written[0]?.(undefined);
    expect(told).to.deep.equal(['1 durable, 2 written']);
    expect(commits.settledCommit).to.equal(1);
    written[1]?.(undefined);
    expect(told).to.deep.equal(['1 durable, 2 written', '2 durable, 2 written']);
    await commits.drain();
  });

  it('tells of the one that is over first with ASYNC_FLUSH: the other one takes in what comes of that', async () => {
    start(false);
    await beginTwo();
    written[0]?.(undefined);
    expect(told).to.deep.equal(['1 durable, 1 written']);
    expect(written).to.have.length(2);
  });

  it('tells of commits in their order with SYNC_FLUSH, of those too that have nothing to write', async () => {
    start(true);
    commits.touch(1, PartOfCommit.LOG);
    await turn();
    commits.touch(0);
    written[0]?.(undefined);
    expect(told).to.deep.equal(['1 durable, 1 written']);
    await commits.committed(2);
    expect(told).to.deep.equal(['1 durable, 1 written', '2 durable, 1 written']);
  });

  it('does not write behind a commit that has failed, and tells of both in their order', async () => {
    start(true);
    await beginTwo();
    written[0]?.(new StoreError(ErrorCode.STORE_CORRUPT, 'no disk'));
    expect(told).to.deep.equal(['1 no disk, 1 written']);
    await turn();
    expect(told).to.deep.equal(['1 no disk, 1 written', '2 no disk, 1 written']);
  });

  it('is drained when the last one has been told', async () => {
    start(true);
    await beginTwo();
    let isDrained = false;
    const drained = commits.drain().then(() => {
      isDrained = true;
    });
    written[0]?.(undefined);
    await turn();
    expect(isDrained).to.equal(false);
    written[1]?.(undefined);
    await drained;
    expect(told).to.have.length(2);
  });
});
