import { expect } from 'chai';
import sinon from 'sinon';
import { puback, publish } from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { World } from '../gateway-world.ts';

describe('gateway: SessionLog and SessionLoader', () => {
  it('bring a session back as it was, from what is saved while it is connected', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t/#', 2], ['u', 1], ['v', 0]);
    await client.exchange(publish({ topic: 'x', qos: 2, id: 77 }));
    for (let id = 1; id <= 5; id++) {
      await publisher.exchange(publish({ topic: 't/x', qos: 1, id, payload: String(id) }));
    }
    await client.exchange(puback(2), puback(4));
    world.clock.advance(1000);
    await turns();
    expect(world.context.sessionLog.dirtyCount).to.equal(0);
    // The same store, another gateway: the first one has crashed.
    const other = new World({ store: world.store });
    const again = await other.connected({ clean: false });
    expect(again.sessionPresent).to.equal(true);
    const received = await again.publishes();
    expect(received.map(({ id, payload, dup }) => [id, payload.toString(), dup])).to.deep.equal([
      [1, '1', true],
      [3, '3', true],
      [5, '5', true],
    ]);
    const session = again.channel.session!;
    expect([session.received.size, session.received.laneOf(77)]).to.deep.equal([1, 0]);
    const kept = [...session.subscriptions.values()].map(({ filter, qos }) => [filter, qos]);
    expect(kept).to.deep.equal([
      ['t/#', 2],
      ['u', 1],
      ['v', 0],
    ]);
    expect(session.inflight.nextPacketId).to.equal(6);
    const duplicate = await again.exchange(publish({ topic: 'x', qos: 2, id: 77, dup: true }));
    expect(duplicate).to.deep.equal([{ type: 'pubrec', id: 77 }]);
    expect(other.stats.duplicatesReceived).to.equal(1);
  });

  it('save progress once per interval, however much there was', async () => {
    const world = new World();
    const publisher = await world.connected({ clientId: 'p' });
    const client = await world.subscribed({ clean: false }, ['t', 1]);
    const put = sinon.spy(world.store, 'putState');
    for (let id = 1; id <= 5; id++) {
      await publisher.exchange(publish({ topic: 't', qos: 1, id }));
      await client.exchange(puback(id));
    }
    expect(put.callCount).to.equal(0);
    world.clock.advance(1000);
    expect(put.callCount).to.equal(1);
    world.clock.advance(5000);
    expect(put.callCount).to.equal(1);
  });
});
