import { expect } from 'chai';
import { PINGREQ } from '../../../helpers/packets.ts';
import { World } from '../gateway-world.ts';

describe('gateway: Channel, time', () => {
  it('closes what has not sent CONNECT in time, and not before', async () => {
    for (const start of [0, 10, 990]) {
      const world = new World({ limits: { connectTimeoutMs: 1000 } });
      world.clock.advance(start);
      const client = world.open();
      world.clock.advance(999);
      expect(client.closed, `begun at ${String(start)} ms`).to.equal(false);
      world.clock.advance(1501);
      expect(client.closed).to.equal(true);
    }
  });

  it('closes after one and a half times the keep-alive, not before it [MQTT-3.1.2-24]', async () => {
    for (const keepAlive of [1, 2, 10]) {
      for (const start of [0, 10, 500, 990]) {
        const world = new World();
        world.clock.advance(5000 + start);
        const client = await world.connected({ keepAlive });
        world.clock.advance(keepAlive * 1500 - 1);
        expect(client.closed, `${String(keepAlive)} s from ${String(start)} ms`).to.equal(false);
        world.clock.advance(2001);
        expect(client.closed).to.equal(true);
        expect(world.stats.keepAliveTimeouts).to.equal(1);
      }
    }
  });

  it('stays while packets come in time, whatever the phase of the clock', async () => {
    for (const start of [0, 10, 500, 990]) {
      const world = new World();
      world.clock.advance(start);
      const client = await world.connected({ keepAlive: 1 });
      for (let i = 0; i < 20; i++) {
        world.clock.advance(1030);
        await client.exchange(PINGREQ);
      }
      expect(client.closed).to.equal(false);
    }
  });

  it('stays for ever with keep-alive 0', async () => {
    const world = new World();
    const client = await world.connected({ keepAlive: 0 });
    world.clock.advance(24 * 3600 * 1000);
    expect(client.closed).to.equal(false);
    expect(world.context.wheel.size).to.equal(0);
  });

  it('leaves the wheel when it closes', async () => {
    const world = new World();
    const client = await world.connected({ keepAlive: 10 });
    expect(world.context.wheel.size).to.equal(1);
    await client.lose();
    expect(world.context.wheel.size).to.equal(0);
  });
});
