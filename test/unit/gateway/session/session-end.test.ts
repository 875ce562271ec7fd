import sinon from 'sinon';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { expectEmpty } from '../expect-empty.ts';
import { World } from '../gateway-world.ts';

describe('gateway: SessionEnd', () => {
  it('leaves memory although the session cannot be saved, so that stop does not wait for ever', async () => {
    const world = new World();
    const client = await world.subscribed({ clean: false }, ['t', 1]);
    sinon.stub(world.store, 'putState').throws(new StoreError(ErrorCode.STORE_CLOSED, 'closed'));
    await client.lose();
    expectEmpty(world);
  });
});
