import { expect } from 'chai';
import sinon from 'sinon';
import { silentLogger } from '../../../../src/common/logger.ts';
import { SessionSweeper } from '../../../../src/gateway/session/session-sweeper.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { LanesWorld } from '../cluster/lanes-world.ts';
import { FakeClient5 } from '../fake-client5.ts';
import { turns } from '../fake-socket.ts';

describe('gateway: several stores: session expiry', () => {
  it('one store that is away does not keep the sessions of the others', async () => {
    const stores = new LanesWorld();
    const world = await stores.gateway();
    for (const home of [0, 1]) {
      const client = await new FakeClient5(world).connect({
        clientId: stores.clientIn(home),
        clean: false,
        properties: [['sessionExpiry', 10]],
      });
      client.socket.destroy();
      await turns(10);
    }
    const stored = async (lane: number): Promise<number> => {
      let count = 0;
      const { base } = stores.stores[lane]!;
      for await (const entry of base.scanState(StateSpace.SESSION)) if (entry.key !== '') count++;
      return count;
    };
    expect([await stored(0), await stored(1)]).to.deep.equal([1, 1]);
    stores.clock.advance(20_000);
    const routed = stores.routed(world);
    const { sessions } = world.context;
    const sweeper = new SessionSweeper({
      sessions,
      store: routed,
      stores: routed,
      cluster: routed,
      clock: stores.clock,
      logger: silentLogger,
    });
    const away = sinon.stub(stores.node(world, 0), 'scanState').throws(new Error('away'));
    expect(await sweeper.sweep().catch((error: unknown) => error)).to.have.property(
      'message',
      'away',
    );
    expect([await stored(0), await stored(1)]).to.deep.equal([1, 0]);
    away.restore();
    await sweeper.sweep();
    expect([await stored(0), await stored(1)]).to.deep.equal([0, 0]);
  });
});
