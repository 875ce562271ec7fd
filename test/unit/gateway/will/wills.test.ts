import { expect } from 'chai';
import { connect, DISCONNECT, subscribe } from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { World, type FakeClient } from '../gateway-world.ts';
import { storedWills, will5 } from './will-samples.ts';

const WILL = { topic: 'w/a', payload: 'gone', qos: 1 } as const;

async function payloads(client: FakeClient): Promise<string[]> {
  return (await client.publishes()).map(({ payload }) => payload.toString());
}

describe('gateway: wills', () => {
  let world: World;
  let watcher: FakeClient;

  beforeEach(async () => {
    world = new World();
    watcher = await world.subscribed({ clientId: 'watcher' }, ['w/#', 1]);
  });

  it('are stored before CONNACK', async () => {
    const client = world.open();
    client.socket.feed(connect({ clientId: 'c', will: WILL }));
    for (let packets = client.take(); packets.length === 0; packets = client.take()) await turns(1);
    expect(await storedWills(world.store)).to.deep.equal(['c']);
  });

  it('are published when the connection breaks, and forgotten [MQTT-3.1.2-8]', async () => {
    const client = await world.connected({ will: WILL });
    expect(await payloads(watcher)).to.deep.equal([]);
    await client.lose();
    const [message] = await watcher.publishes();
    expect(message).to.include({ topic: 'w/a', qos: 1, retain: false });
    expect(message!.payload.toString()).to.equal('gone');
    expect(await storedWills(world.store)).to.deep.equal([]);
    expect(world.stats.willsPublished).to.equal(1);
  });

  it('are dropped at DISCONNECT [MQTT-3.1.2-10]', async () => {
    const client = await world.connected({ will: WILL });
    await client.exchange(DISCONNECT);
    expect(await payloads(watcher)).to.deep.equal([]);
    expect(await storedWills(world.store)).to.deep.equal([]);
  });

  it('are published after a protocol error [MQTT-3.1.2-8]', async () => {
    const client = await world.connected({ will: WILL });
    await client.exchange(connect({ clientId: 'c' }));
    expect(client.closed).to.equal(true);
    expect(await payloads(watcher)).to.deep.equal(['gone']);
  });

  it('are published when the keep-alive runs out [MQTT-3.1.2-24]', async () => {
    await world.connected({ will: WILL, keepAlive: 2 });
    for (let i = 0; i < 8; i++) {
      world.clock.advance(1000);
      await turns(2);
    }
    expect(await payloads(watcher)).to.deep.equal(['gone']);
  });

  for (const clean of [true, false]) {
    it(`are published at a takeover, clean session ${String(clean)}; the new one stays [MQTT-3.1.4-2]`, async () => {
      await world.connected({ clean, will: WILL });
      const second = await world.connected({ clean, will: { ...WILL, payload: 'second' } });
      expect(await payloads(watcher)).to.deep.equal(['gone']);
      expect(await storedWills(world.store)).to.deep.equal(['c']);
      await second.lose();
      expect(await payloads(watcher)).to.deep.equal(['second']);
    });
  }

  it('reach live subscribers at QoS 0, and the retained messages [MQTT-3.1.2-17]', async () => {
    const live = await world.subscribed({ clientId: 'live' }, ['w/a', 0]);
    for (const qos of [0, 1, 2] as const) {
      const client = await world.connected({ will: { ...WILL, qos, retain: true } });
      await client.lose();
      const [message] = await live.publishes();
      expect(message).to.include({ qos: 0, retain: false });
    }
    const late = await world.connected({ clientId: 'late' });
    const [message] = await late.publishes(subscribe(1, ['w/a', 2]));
    expect(message).to.include({ qos: 2, retain: true });
  });

  it('with RETAIN 0 are not retained [MQTT-3.1.2-16]', async () => {
    await (await world.connected({ will: WILL })).lose();
    expect(world.context.retained.size).to.equal(0);
  });

  it('to a P2P topic reach the peer', async () => {
    const peer = await world.connected({ clientId: 'peer' });
    for (const qos of [0, 1] as const) {
      await (await world.connected({ will: { topic: 'a/p2p/peer', payload: 'x', qos } })).lose();
      expect(await payloads(peer)).to.deep.equal(['x']);
    }
  });

  it('of a connection that was not accepted are not published, and do not harm the next one', async () => {
    const { wills } = world.context;
    const first = will5(0);
    const second = will5(0);
    const beginning = wills.begin('x', false, first, 0);
    await wills.begin('x', false, second, 0);
    await beginning;
    wills.drop('x', first);
    wills.connectionEnded('x', first, 0);
    await turns();
    expect(world.stats.willsPublished).to.equal(0);
    expect(await storedWills(world.store)).to.deep.equal(['x']);
    wills.connectionEnded('x', second, 0);
    expect(world.stats.willsPublished).to.equal(1);
  });

  it('that the client may not publish are refused at CONNECT with return code 5', async () => {
    const strict = new World({
      authorizer: { authorize: (_principal, _action, topic) => topic !== 'secret' },
    });
    const client = strict.open();
    const packets = await client.exchange(
      connect({ clientId: 'c', will: { topic: 'secret', payload: 'x' } }),
    );
    expect(packets).to.deep.equal([{ type: 'connack', sessionPresent: false, code: 5 }]);
    expect(client.closed).to.equal(true);
    const closed = new World({ autoCreateTopic: false });
    const other = closed.open();
    expect(await other.exchange(connect({ clientId: 'c', will: WILL }))).to.deep.equal([
      { type: 'connack', sessionPresent: false, code: 5 },
    ]);
  });
});
