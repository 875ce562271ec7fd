import { expect } from 'chai';
import { allOf } from '../../../src/common/all-of.ts';

describe('allOf', () => {
  it('resolves with all in their order', async () => {
    expect(await allOf([Promise.resolve(1), Promise.resolve(2)])).to.deep.equal([1, 2]);
    expect(await allOf([])).to.deep.equal([]);
  });

  it('rejects with the first in their order that has failed, when nothing is under way any more', async () => {
    let isDone = false;
    const slow = new Promise<void>((resolve) => {
      setImmediate(() => {
        isDone = true;
        resolve();
      });
    });
    const failed = [Promise.reject(new Error('one')), slow, Promise.reject(new Error('two'))];
    const error = await allOf(failed).catch((reason: unknown) => reason);
    expect(error).to.have.property('message', 'one');
    expect(isDone).to.equal(true);
  });
});
