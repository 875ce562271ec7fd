import { expect } from 'chai';
import { publish, pubrel } from '../../../helpers/packets.ts';
import type { World } from '../gateway-world.ts';
import { ClusterWorld } from './cluster-world.ts';
import { twoGateways } from './two-gateways.ts';

describe('gateway: cluster: messages of other gateways', () => {
  let cluster: ClusterWorld;
  let a: World;
  let b: World;

  beforeEach(async () => {
    [cluster, a, b] = await twoGateways(new ClusterWorld());
  });

  for (const published of [0, 1, 2] as const) {
    for (const granted of [0, 1, 2] as const) {
      const qos = Math.min(published, granted);
      it(`published at QoS ${String(published)}, granted ${String(granted)}: once at QoS ${String(qos)}, here and there`, async () => {
        const here = await a.subscribed({ clientId: 'here' }, ['t/+', granted]);
        const there = await b.subscribed({ clientId: 'there' }, ['t/+', granted]);
        const publisher = await a.connected({ clientId: 'p' });
        const id = published === 0 ? {} : { id: 1 };
        const packets = [publish({ topic: 't/1', qos: published, payload: 'm', ...id })];
        await publisher.exchange(...packets, ...(published === 2 ? [pubrel(1)] : []));
        for (const client of [here, there]) {
          const received = await client.publishes();
          expect(received.map((one) => one.qos)).to.deep.equal([qos]);
          expect(received[0]!.payload.toString()).to.equal('m');
        }
      });
    }
  }

  it('order of a publisher across QoS 0 runs', async () => {
    const there = await b.subscribed({ clientId: 'there' }, ['t', 0]);
    const publisher = await a.connected({ clientId: 'p' });
    const messages = Array.from({ length: 100 }, (_, i) => String(i));
    await publisher.exchange(...messages.map((payload) => publish({ topic: 't', payload })));
    const received = await there.publishes();
    expect(received.map(({ payload }) => payload.toString())).to.deep.equal(messages);
  });

  it('P2P reaches a client of another gateway, at QoS 0 and 1', async () => {
    const peer = await b.connected({ clientId: 'peer' });
    const publisher = await a.connected({ clientId: 'p' });
    await publisher.exchange(
      publish({ topic: 't/p2p/peer', payload: 'zero' }),
      publish({ topic: 't/p2p/peer', qos: 1, id: 1, payload: 'one' }),
    );
    const received = await peer.publishes();
    expect(received.map(({ payload }) => payload.toString())).to.have.members(['zero', 'one']);
  });

  it('is dropped, and counted, for a client whose socket is full', async () => {
    const small = await cluster.gateway({ limits: { highWater: 1024 } });
    const there = await small.subscribed({ clientId: 'there' }, ['t', 0]);
    there.socket.stall();
    const publisher = await a.connected({ clientId: 'p' });
    const payload = 'x'.repeat(20_000);
    for (let i = 0; i < 5; i++) await publisher.exchange(publish({ topic: 't', payload }));
    expect(small.stats.qos0Dropped).to.be.greaterThan(0);
  });
});
