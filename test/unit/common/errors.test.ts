import { expect } from 'chai';
import { ErrorCode, StoreError, toStoreError } from '../../../src/common/errors.ts';

describe('toStoreError', () => {
  it('leaves a StoreError as it is', () => {
    const error = new StoreError(ErrorCode.STORE_CLOSED, 'closed');
    expect(toStoreError(error, 'commit failed')).to.equal(error);
  });

  it('says what failed and why, and keeps the cause', () => {
    const cause = new Error('no space');
    const error = toStoreError(cause, 'commit failed');
    expect(error.code).to.equal(ErrorCode.STORE_UNAVAILABLE);
    expect(error.message).to.equal('commit failed: no space');
    expect(error.cause).to.equal(cause);
    expect(toStoreError('gone').message).to.equal('gone');
  });
});
