import { expect } from 'chai';
import sinon from 'sinon';
import { PINGREQ, publish } from '../../../helpers/packets.ts';
import { type FakeClient, World } from '../gateway-world.ts';

const KEEP_ALIVE = 10;
/** Keep-alive, one and a half times, and what the wheel may be late. */
const OVER_MS = KEEP_ALIVE * 1500 + 3000;

/** A publisher that the store has made wait. */
async function held(world: World): Promise<{ client: FakeClient; writable: sinon.SinonStub }> {
  const client = await world.connected({ keepAlive: KEEP_ALIVE });
  const writable = sinon.stub().returns(false);
  sinon.stub(world.store, 'writable').get(writable);
  await client.exchange(publish({ topic: 't' }));
  expect(world.context.gate.holds(client.connection)).to.equal(true);
  return { client, writable };
}

describe('gateway: Channel, keep-alive while the store does not take writes', () => {
  afterEach(() => {
    sinon.restore();
  });

  it('does not close a client that it does not read from [MQTT-3.1.2-24]', async () => {
    const world = new World();
    const { client } = await held(world);
    world.clock.advance(10 * OVER_MS);
    expect(client.closed).to.equal(false);
    expect(world.stats.keepAliveTimeouts).to.equal(0);
  });

  it('closes another one that is silent meanwhile', async () => {
    const world = new World();
    await held(world);
    const other = await world.connected({ clientId: 'other', keepAlive: KEEP_ALIVE });
    world.clock.advance(OVER_MS);
    expect(other.closed).to.equal(true);
    expect(world.stats.keepAliveTimeouts).to.equal(1);
  });

  it('counts the silence from when it reads again, and closes then', async () => {
    const world = new World();
    const { client, writable } = await held(world);
    world.clock.advance(10 * OVER_MS);
    writable.returns(true);
    world.context.gate.open();
    world.clock.advance(KEEP_ALIVE * 1500 - 1000);
    expect(client.closed, 'before its time').to.equal(false);
    world.clock.advance(4000);
    expect(client.closed).to.equal(true);
    expect(world.stats.keepAliveTimeouts).to.equal(1);
  });

  it('answers what has come while it did not read', async () => {
    const world = new World();
    const { client, writable } = await held(world);
    expect(await client.exchange(PINGREQ)).to.deep.equal([]);
    world.clock.advance(10 * OVER_MS);
    writable.returns(true);
    world.context.gate.open();
    expect(await client.exchange()).to.deep.equal([{ type: 'pingresp' }]);
  });

  it('leaves the gate and the wheel when the client goes meanwhile', async () => {
    const world = new World();
    const { client } = await held(world);
    await client.lose();
    expect(world.context.gate.holds(client.connection)).to.equal(false);
    expect(world.context.wheel.size).to.equal(0);
  });
});
