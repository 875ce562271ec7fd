import { expect } from 'chai';
import { AuthDecision, type Authenticator } from '../../../../src/auth/types.ts';
import { contextOfListener } from '../../../../src/gateway/listener-context.ts';
import { largestPacketSize } from '../../../../src/gateway/listener/listener-settings.ts';
import { DEFAULT_LIMITS } from '../../../../src/gateway/options.ts';
import { World } from '../gateway-world.ts';

const NOBODY: Authenticator = { authenticate: () => AuthDecision.NOT_AUTHORIZED };

describe('gateway: settings of a listener', () => {
  it('is what all share without any', () => {
    const { context } = new World();
    expect(contextOfListener(context, context.limits)).to.equal(context);
    expect(contextOfListener(context, context.limits, { maxConnections: 1 })).to.equal(context);
  });

  it('has its own limits and authentication over what all share', () => {
    const { context } = new World();
    const authorizer = { authorize: () => false };
    const own = contextOfListener(context, context.limits, {
      limits: { maxPacketSize: 1000, receiveMaximum: 3 },
      authenticator: NOBODY,
      authorizer,
    });
    expect(own.limits).to.deep.equal({
      ...context.limits,
      maxPacketSize: 1000,
      receiveMaximum: 3,
    });
    expect(own.authenticator).to.equal(NOBODY);
    expect(own.authorizer).to.equal(authorizer);
    expect(own.sessions).to.equal(context.sessions);
    expect(context.limits.receiveMaximum).to.equal(DEFAULT_LIMITS.receiveMaximum);
  });

  it('keeps the limits of the gateway where another listener takes larger packets', () => {
    const limits = { ...DEFAULT_LIMITS, maxPacketSize: 1000 };
    const settings = [undefined, {}, { limits: { maxPacketSize: 5000 } }];
    expect(largestPacketSize(limits, settings)).to.equal(5000);
    expect(largestPacketSize(limits, [{ limits: { maxPacketSize: 10 } }])).to.equal(1000);
    const { context } = new World({ limits: { maxPacketSize: 5000 } });
    expect(contextOfListener(context, limits).limits.maxPacketSize).to.equal(1000);
  });
});
