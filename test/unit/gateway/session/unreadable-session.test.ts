import { expect } from 'chai';
import sinon from 'sinon';
import { silentLogger } from '../../../../src/common/logger.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { connect } from '../../../helpers/packets.ts';
import { World } from '../gateway-world.ts';

const SPACES = [StateSpace.SESSION, StateSpace.INFLIGHT] as const;
const CORRUPT = [Buffer.alloc(0), Buffer.from('rubbish'), Buffer.alloc(100, 0xff)];

describe('gateway: a stored session that cannot be read', () => {
  afterEach(() => {
    sinon.restore();
  });

  it('is discarded by a CONNECT with clean session [MQTT-3.1.2-6]', async () => {
    for (const space of SPACES) {
      for (const rubbish of CORRUPT) {
        const world = new World();
        const first = await world.subscribed({ clean: false }, ['t', 1]);
        await first.lose();
        world.store.putState(space, 'c', rubbish);
        const clean = await world.connected({ clean: true });
        expect(clean.sessionPresent).to.equal(false);
        for (const each of SPACES) {
          expect(await world.store.getState(each, 'c'), String(space)).to.equal(undefined);
        }
        await clean.lose();
        const persistent = await world.connected({ clean: false });
        expect(persistent.sessionPresent).to.equal(false);
        await persistent.lose();
        expect(world.store.stats.openQueues).to.equal(0);
        expect(world.stats.subscriptionsCurrent).to.equal(0);
      }
    }
  });

  it('is told of in the log, by its client identifier', async () => {
    const error = sinon.spy();
    const world = new World({ logger: { ...silentLogger, error } });
    world.store.putState(StateSpace.SESSION, 'c', Buffer.from('rubbish'));
    await world.connected({ clean: true });
    expect(error.callCount).to.equal(1);
    expect(error.firstCall.args[0]).to.include({ clientId: 'c' });
  });

  it('refuses a CONNECT without clean session, and is kept [MQTT-3.2.2-5]', async () => {
    const world = new World();
    const rubbish = Buffer.from('rubbish');
    world.store.putState(StateSpace.SESSION, 'c', rubbish);
    const client = world.open();
    const packets = await client.exchange(connect({ clientId: 'c', clean: false }));
    expect(packets).to.deep.equal([{ type: 'connack', sessionPresent: false, code: 3 }]);
    expect(await world.store.getState(StateSpace.SESSION, 'c')).to.deep.equal(rubbish);
  });

  it('is not taken for one that the store fails to read just now', async () => {
    const world = new World();
    const first = await world.subscribed({ clean: false }, ['t', 1]);
    await first.lose();
    const load = sinon.stub(world.store, 'loadOffset').rejects(new Error('I/O error'));
    const clean = world.open();
    const packets = await clean.exchange(connect({ clientId: 'c', clean: true }));
    expect(packets).to.deep.equal([{ type: 'connack', sessionPresent: false, code: 3 }]);
    load.restore();
    const again = await world.connected({ clean: false });
    expect(again.sessionPresent).to.equal(true);
  });
});
