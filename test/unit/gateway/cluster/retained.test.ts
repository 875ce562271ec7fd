import { expect } from 'chai';
import { publish } from '../../../helpers/packets.ts';
import type { World } from '../gateway-world.ts';
import { ClusterWorld } from './cluster-world.ts';
import { twoGateways } from './two-gateways.ts';

describe('gateway: cluster: retained messages', () => {
  let cluster: ClusterWorld;
  let a: World;
  let b: World;

  beforeEach(async () => {
    [cluster, a, b] = await twoGateways(new ClusterWorld());
  });

  async function retainedAt(world: World, clientId: string): Promise<string[]> {
    const client = await world.subscribed({ clientId }, ['r/#', 1]);
    const received = await client.publishes();
    await client.lose();
    return received.map(({ payload }) => payload.toString());
  }

  it('of one gateway are sent to subscribers of another, and removed there', async () => {
    const publisher = await a.connected({ clientId: 'p' });
    await publisher.exchange(publish({ topic: 'r/1', payload: 'kept', retain: true }));
    expect(await retainedAt(b, 's1')).to.deep.equal(['kept']);
    const other = await b.connected({ clientId: 'q' });
    await other.exchange(publish({ topic: 'r/1', payload: '', retain: true }));
    expect(await retainedAt(a, 's2')).to.deep.equal([]);
    expect(a.context.retained.size).to.equal(0);
  });

  it('a gateway that starts later has them', async () => {
    const publisher = await a.connected({ clientId: 'p' });
    await publisher.exchange(publish({ topic: 'r/1', payload: 'kept', retain: true }));
    expect(await retainedAt(await cluster.gateway(), 's')).to.deep.equal(['kept']);
  });

  it('written by both at once: all agree with the store', async () => {
    const p = await a.connected({ clientId: 'p' });
    const q = await b.connected({ clientId: 'q' });
    for (let i = 0; i < 20; i++) {
      await Promise.all([
        p.exchange(
          publish({ topic: 'r/1', payload: i % 3 === 0 ? '' : `a${String(i)}`, retain: true }),
        ),
        q.exchange(
          publish({ topic: 'r/1', payload: i % 2 === 0 ? '' : `b${String(i)}`, retain: true }),
        ),
      ]);
      const here = await retainedAt(a, `s${String(i)}`);
      expect(await retainedAt(b, `t${String(i)}`)).to.deep.equal(here);
    }
  });
});
