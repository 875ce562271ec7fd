import { expect } from 'chai';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { EngineWrites } from '../../../../src/lmq/embedded/engine-writes.ts';
import type { Written } from '../../../../src/lmq/embedded/journaled-batch.ts';
import type { KvBatch } from '../../../../src/lmq/embedded/kv-batch.ts';
import { rejection } from '../../../conformance/lmq-store/harness.ts';

describe('EngineWrites', () => {
  /** Batches that the engine has begun to write, and what ends each of them. */
  let begun: { name: string; end: Written }[];
  let done: string[];
  let idle: number;
  let writes: EngineWrites;

  function batch(name: string): KvBatch {
    return {
      size: 1,
      put: () => undefined,
      del: () => undefined,
      write: (_isSync, callback) => {
        begun.push({ name, end: callback });
        return false;
      },
    };
  }

  function add(name: string, sequence: number): void {
    writes.add(batch(name), false, sequence, (error) => {
      done.push(error === undefined ? name : `${name}: ${error.message}`);
    });
  }

  beforeEach(() => {
    begun = [];
    done = [];
    idle = 0;
    writes = new EngineWrites(() => {
      idle++;
    });
    writes.start(10);
  });

  it('reach the engine one after the other, the next one before the caller is told', () => {
    add('a', 11);
    add('b', 12);
    expect(begun.map(({ name }) => name)).to.deep.equal(['a']);
    begun[0]?.end(undefined);
    expect(begun.map(({ name }) => name)).to.deep.equal(['a', 'b']);
    expect([done, writes.applied, writes.isIdle, idle]).to.deep.equal([['a'], 11, false, 0]);
    begun[1]?.end(undefined);
    expect([done, writes.applied, writes.isIdle, idle]).to.deep.equal([['a', 'b'], 12, true, 1]);
  });

  it('let those wait who need an entry that the engine does not have yet', async () => {
    add('a', 12);
    let hasCome = false;
    const waiting = writes.wait(12).then(() => {
      hasCome = true;
    });
    await Promise.resolve();
    expect(hasCome).to.equal(false);
    begun[0]?.end(undefined);
    await waiting;
  });

  it('all fail after one that has failed, in turns of their own, and so does who waits', async () => {
    const error = new StoreError(ErrorCode.STORE_UNAVAILABLE, 'no space left');
    add('a', 11);
    const waiting = rejection(writes.wait(11));
    begun[0]?.end(error);
    expect(await waiting).to.equal(error);
    add('b', 12);
    expect(done).to.deep.equal(['a: no space left']);
    await new Promise(setImmediate);
    expect(begun).to.have.length(1);
    expect(done).to.deep.equal(['a: no space left', 'b: no space left']);
    expect([writes.applied, writes.failure]).to.deep.equal([10, error]);
    expect(await rejection(writes.wait(12))).to.equal(error);
  });
});
