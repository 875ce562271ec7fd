import { expect } from 'chai';
import sinon from 'sinon';
import { peerQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { publish } from '../../../helpers/packets.ts';
import { expectEmpty } from '../expect-empty.ts';
import { World } from '../gateway-world.ts';

describe('gateway: PeerQueues', () => {
  it('delivers P2P messages without a subscription, to both kinds of session', async () => {
    for (const clean of [true, false]) {
      const world = new World();
      const client = await world.connected({ clean });
      const publisher = await world.connected({ clientId: 'p' });
      for (const qos of [0, 1, 2] as const) {
        await publisher.exchange(publish({ topic: 't/p2p/c', qos, id: qos + 1, payload: 'm' }));
        expect((await client.publishes()).map((message) => message.qos)).to.deep.equal([qos]);
      }
      await client.lose();
      await publisher.exchange(publish({ topic: 't/p2p/c', qos: 1, id: 9, payload: 'away' }));
      const again = await world.connected({ clean });
      const payloads = await again.drain();
      expect(payloads.includes('away')).to.equal(!clean);
      await again.lose();
      await publisher.lose();
      expectEmpty(world);
    }
  });

  it('opens a peer queue again after that has failed once', async () => {
    const world = new World();
    const client = await world.connected();
    const publisher = await world.connected({ clientId: 'p' });
    const open = sinon.stub(world.store, 'openQueue').rejects(new Error('busy'));
    await publisher.exchange(publish({ topic: 't/p2p/c', qos: 1, id: 1, payload: '1' }));
    open.restore();
    await publisher.exchange(publish({ topic: 't/p2p/c', qos: 1, id: 2, payload: '2' }));
    expect(await client.drain()).to.deep.equal(['1', '2']);
    expect(peerQueueName('c')).to.equal('pc');
  });
});
