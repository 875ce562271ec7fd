import { expect } from 'chai';
import { NEVER_EXPIRES } from '../../../../src/gateway/codec/connect-packet.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { connected5 } from '../fake-client5.ts';
import { turns } from '../fake-socket.ts';
import { World } from '../gateway-world.ts';
import { withSession, expiry, stored, sweeperOf, sweep } from './expiring-sessions.ts';

describe('gateway: SessionSweeper', () => {
  it('ends every minute what has expired, and nothing else', async () => {
    const world = new World();
    const sweeper = sweeperOf(world);
    sweeper.start();
    for (const [clientId, seconds] of [
      ['short', 30],
      ['long', 1000],
      ['here', 1],
    ] as const) {
      const client = await withSession(world, { clientId, ...expiry(seconds) });
      if (clientId !== 'here') await client.lose();
    }
    expect(world.store.listFilters().map(({ uses }) => uses)).to.deep.equal([3]);
    world.clock.advance(60_000);
    await turns();
    expect(await stored(world, 'short')).to.equal(false);
    expect(await stored(world, 'long')).to.equal(true);
    expect(await stored(world, 'here')).to.equal(true);
    expect(world.store.listFilters().map(({ uses }) => uses)).to.deep.equal([2]);
    await sweeper.stop();
    world.clock.advance(2_000_000);
    await turns();
    expect(await stored(world, 'long')).to.equal(true);
  });

  it('ends the session that it is at before it stops, and no other', async () => {
    const world = new World();
    const sweeper = sweeperOf(world);
    sweeper.start();
    for (const clientId of ['s1', 's2', 's3']) {
      await (await withSession(world, { clientId, ...expiry(1) })).lose();
    }
    // Holds the end of the first one back.
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const getState = world.store.getState.bind(world.store);
    world.store.getState = async (space, key) => {
      await held;
      return getState(space, key);
    };
    world.clock.advance(60_000);
    await turns();
    let isStopped = false;
    const stopping = sweeper.stop().then(() => {
      isStopped = true;
    });
    await turns();
    expect(isStopped).to.equal(false);
    release();
    await stopping;
    expect(await stored(world, 's1')).to.equal(false);
    expect(await stored(world, 's2')).to.equal(true);
    expect(await stored(world, 's3')).to.equal(true);
  });

  it('looks through the stored sessions when one may have ended, not each time', async () => {
    const world = new World();
    let scans = 0;
    const scanState = world.store.scanState.bind(world.store);
    world.store.scanState = (space) => {
      scans++;
      return scanState(space);
    };
    const scansOf = async (milliseconds: number): Promise<number> => {
      scans = 0;
      world.clock.advance(milliseconds);
      await sweep(world);
      return scans;
    };
    await (await withSession(world, { clientId: 'never', ...expiry(NEVER_EXPIRES) })).lose();
    await (await withSession(world, { clientId: 'later', ...expiry(600) })).lose();
    expect(await scansOf(0), 'the first time').to.equal(1);
    expect(await scansOf(60_000)).to.equal(0);
    await (await withSession(world, { clientId: 'sooner', ...expiry(60) })).lose();
    expect(await scansOf(59_999)).to.equal(0);
    expect(await scansOf(1)).to.equal(1);
    expect(await stored(world, 'sooner')).to.equal(false);
    expect(await scansOf(400_000)).to.equal(0);
    expect(await scansOf(80_000)).to.equal(1);
    expect(await stored(world, 'later')).to.equal(false);
    expect(await stored(world, 'never')).to.equal(true);
    expect(await scansOf(3_600_000), 'sessions of others').to.equal(1);
  });

  it('looks again after a failure', async () => {
    const world = new World();
    await (await withSession(world, expiry(1))).lose();
    world.clock.advance(1000);
    const scanState = world.store.scanState.bind(world.store);
    world.store.scanState = () => {
      throw new Error('disk');
    };
    const failure: unknown = await sweep(world).catch((e: unknown) => e);
    expect(failure).to.be.instanceOf(Error);
    world.store.scanState = scanState;
    await sweep(world);
    expect(await stored(world)).to.equal(false);
  });

  it('is not stopped by a session that cannot be read', async () => {
    const world = new World();
    world.store.putState(StateSpace.SESSION, 'broken', Buffer.from([99]));
    await (await withSession(world, { clientId: 'z', ...expiry(1) })).lose();
    world.clock.advance(1000);
    await sweep(world);
    expect(await stored(world, 'z')).to.equal(false);
    expect(await stored(world, 'broken')).to.equal(true);
  });

  it('leaves a client alone that comes back in the same turn', async () => {
    const world = new World();
    await (await withSession(world, expiry(1))).lose();
    world.clock.advance(1000);
    const [client] = await Promise.all([connected5(world, expiry(100)), sweep(world)]);
    expect(client.connack.sessionPresent).to.equal(false);
    expect(client.closed).to.equal(false);
    expect(await stored(world)).to.equal(true);
  });
});
