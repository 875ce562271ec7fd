import { expect } from 'chai';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { connect, publish } from '../../../helpers/packets.ts';
import { expectEmpty } from '../expect-empty.ts';
import { World } from '../gateway-world.ts';

describe('gateway: StoredSessions', () => {
  it('erases every trace of a persistent session that a clean one replaces [MQTT-3.1.2-6]', async () => {
    const world = new World();
    const first = await world.subscribed({ clean: false }, ['t', 1]);
    const publisher = await world.connected({ clientId: 'p' });
    await publisher.exchange(publish({ topic: 't', qos: 1, id: 1 }));
    await first.lose();
    const clean = await world.connected({ clean: true });
    await clean.lose();
    for (const space of [StateSpace.SESSION, StateSpace.INFLIGHT]) {
      expect(await world.store.getState(space, 'c')).to.equal(undefined);
    }
    const again = await world.connected({ clean: false });
    expect(again.sessionPresent).to.equal(false);
    expect(await again.drain()).to.deep.equal([]);
  });

  it('refuses a session whose record is corrupt, and holds nothing of it', async () => {
    const world = new World();
    const client = await world.subscribed({ clean: false }, ['t', 1]);
    await client.lose();
    world.store.putState(StateSpace.INFLIGHT, 'c', Buffer.from('rubbish'));
    const again = world.open();
    const packets = await again.exchange(connect({ clientId: 'c', clean: false }));
    expect(packets).to.deep.equal([{ type: 'connack', sessionPresent: false, code: 3 }]);
    expectEmpty(world);
  });
});
