import { expect } from 'chai';
import { turns } from '../fake-socket.ts';
import { World } from '../gateway-world.ts';
import { storedWills, will5 } from './will-samples.ts';

describe('gateway: wills with a delay', () => {
  let world: World;

  beforeEach(() => {
    world = new World();
  });

  it('wait for their delay, and are dropped when the session goes on [MQTT5-3.1.3-9]', async () => {
    const { wills } = world.context;
    const will = will5(60);
    await wills.begin('x', false, will, 600);
    wills.connectionEnded('x', will, 600);
    expect(world.stats.willsDelayed).to.equal(1);
    world.clock.advance(50_000);
    await wills.begin('x', true, undefined, 600);
    world.clock.advance(50_000);
    await turns();
    expect(world.stats.willsPublished).to.equal(0);
    expect(await storedWills(world.store)).to.deep.equal([]);
  });

  it('are published when their delay has passed as the client comes back [MQTT5-3.1.3-9]', async () => {
    const { wills } = world.context;
    const will = will5(60);
    for (const next of [undefined, will5(10)]) {
      const before = world.stats.willsPublished;
      await wills.begin('x', false, will, 600);
      wills.connectionEnded('x', will, 600);
      // Before the timer wheel looks at it.
      world.clock.advance(60_000);
      await wills.begin('x', true, next, 600);
      await turns();
      expect(world.stats.willsPublished).to.equal(before + 1);
      expect(await storedWills(world.store)).to.deep.equal(next === undefined ? [] : ['x']);
      if (next !== undefined) wills.drop('x', next);
    }
  });

  it('are published when the client comes back while they are read', async () => {
    const { wills } = world.context;
    const will = will5(10);
    const next = will5(60);
    await wills.begin('x', false, will, 600);
    wills.connectionEnded('x', will, 600);
    world.clock.advance(12_000);
    expect(world.stats.willsDelayed).to.equal(0);
    await wills.begin('x', true, next, 600);
    expect(world.stats.willsPublished).to.equal(1);
    expect(await storedWills(world.store)).to.deep.equal(['x']);
  });

  it('are published at the end of the delay, or of the session if that is sooner', async () => {
    const { wills } = world.context;
    for (const [delay, expiry] of [
      [30, 600],
      [600, 30],
    ] as const) {
      const will = will5(delay);
      const before = world.stats.willsPublished;
      await wills.begin('x', false, will, expiry);
      wills.connectionEnded('x', will, expiry);
      world.clock.advance(29_000);
      await turns();
      expect(world.stats.willsPublished).to.equal(before);
      world.clock.advance(3_000);
      await turns();
      expect(world.stats.willsPublished).to.equal(before + 1);
      expect(await storedWills(world.store)).to.deep.equal([]);
    }
    expect(world.stats.willsDelayed).to.equal(0);
  });

  it('are published at once when the next connection does not resume the session', async () => {
    const { wills } = world.context;
    const will = will5(60);
    await wills.begin('x', false, will, 600);
    wills.connectionEnded('x', will, 600);
    await wills.begin('x', false, will5(10), 600);
    expect(world.stats.willsPublished).to.equal(1);
    await turns();
    expect(await storedWills(world.store)).to.deep.equal(['x']);
  });
});
