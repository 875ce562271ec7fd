import { expect } from 'chai';
import sinon from 'sinon';
import { connect, puback, publish, subscribe } from '../../../helpers/packets.ts';
import { FakeSocket, turns } from '../fake-socket.ts';
import { World } from '../gateway-world.ts';

describe('gateway: DeliveryPump, wake-ups', () => {
  afterEach(() => {
    sinon.restore();
  });

  it('delivers a large message among many small ones to several subscribers', async () => {
    const world = new World();
    const first = await world.subscribed({ clientId: 'a' }, ['t', 1]);
    const second = await world.subscribed({ clientId: 'b' }, ['t', 1]);
    const publisher = await world.connected({ clientId: 'p' });
    const tail = world.store.tail.bind(world.store);
    let reads = 0;
    sinon.stub(world.store, 'tail').callsFake((queue, offset) => {
      if (++reads > 1000) throw new Error('the pump runs in circles');
      return tail(queue, offset);
    });
    const packets = Array.from({ length: 100 }, (_, i) =>
      publish({ topic: 't', qos: 1, id: i + 1, payload: i === 50 ? Buffer.alloc(20_000) : 'x' }),
    );
    await publisher.exchange(...packets);
    expect(await first.publishes()).to.have.length(100);
    expect(await second.publishes()).to.have.length(100);
  });

  it('sends again after a takeover that comes while the record is being read', async () => {
    const world = new World();
    const before = await world.subscribed({ clientId: 's', clean: false }, ['t', 1]);
    const publisher = await world.connected({ clientId: 'p' });
    await publisher.exchange(publish({ topic: 't', qos: 1, id: 1, payload: 'm' }));
    expect(await before.publishes()).to.have.length(1);
    // From here on nothing is in memory, and reading takes as long as the test wants.
    sinon.stub(world.store, 'tail').returns(undefined);
    const pull = world.store.pull.bind(world.store);
    const release: (() => void)[] = [];
    sinon.stub(world.store, 'pull').callsFake(async (...parameters) => {
      await new Promise<void>((resolve) => release.push(resolve));
      return pull(...parameters);
    });
    const second = world.open();
    await second.exchange(connect({ clientId: 's', clean: false }));
    expect(release).to.have.length(1);
    const third = world.open();
    await third.exchange(connect({ clientId: 's', clean: false }));
    release.shift()!();
    await turns();
    release.shift()?.();
    const [again] = await third.publishes();
    expect(again).to.include({ dup: true, id: 1 });
  });

  it('goes on after a message that is acknowledged while its record is being read', async () => {
    const world = new World();
    const before = await world.subscribed({ clientId: 's', clean: false }, ['t', 1]);
    const publisher = await world.connected({ clientId: 'p' });
    await publisher.exchange(
      publish({ topic: 't', qos: 1, id: 1, payload: '1' }),
      publish({ topic: 't', qos: 1, id: 2, payload: '2' }),
    );
    await before.exchange();
    await before.lose();
    sinon.stub(world.store, 'tail').returns(undefined);
    const pull = world.store.pull.bind(world.store);
    const release: (() => void)[] = [];
    sinon.stub(world.store, 'pull').callsFake(async (...parameters) => {
      await new Promise<void>((resolve) => release.push(resolve));
      return pull(...parameters);
    });
    const after = world.open();
    await after.exchange(connect({ clientId: 's', clean: false }));
    await after.exchange(puback(1));
    release.shift()!();
    await turns();
    release.shift()?.();
    const [again] = await after.publishes();
    expect(again).to.include({ dup: true, id: 2 });
  });

  it('forgets sessions that have come and gone without a message', async () => {
    const world = new World();
    const { pump } = world.context;
    const schedule = sinon.spy(pump, 'schedule');
    for (let i = 0; i < 5; i++) {
      const client = await world.subscribed({ clientId: `c${String(i)}`, clean: false }, ['t', 1]);
      await client.lose();
    }
    const kept = schedule.getCalls().filter(({ args: [session] }) => session.scheduled);
    expect(kept).to.have.length(0);
  });

  it('goes on when the high-water mark is below that of the socket', async () => {
    const world = new World({ limits: { highWater: 4096 } });
    const socket = new FakeSocket();
    const client = await world.connected({ clientId: 's' }, socket);
    await client.exchange(subscribe(1, ['t', 1]));
    socket.stall();
    const publisher = await world.connected({ clientId: 'p' });
    const payload = Buffer.alloc(1000);
    for (let i = 1; i <= 12; i++) {
      await publisher.exchange(publish({ topic: 't', qos: 1, id: i, payload }));
    }
    for (let i = 0; i < 30; i++) {
      socket.unstall();
      await turns();
    }
    expect(client.connection.congested).to.equal(false);
    expect(await client.publishes()).to.have.length(12);
  });
});
