import { expect } from 'chai';
import { allowAllAuthorizer } from '../../../src/auth/allow-all-authorizer.ts';
import { Action } from '../../../src/auth/types.ts';

describe('allowAllAuthorizer', () => {
  it('allows every action', () => {
    const principal = { clientId: 'c', username: undefined };
    for (const action of Object.values(Action)) {
      expect(allowAllAuthorizer.authorize(principal, action, 'any/topic')).to.equal(true);
    }
  });
});
