import { expect } from 'chai';
import sinon from 'sinon';
import { decodeInflightRecord } from '../../../../src/gateway/session/inflight-record.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { connect, publish, pubrel } from '../../../helpers/packets.ts';
import { World } from '../gateway-world.ts';

const MANY = 32_500;
const AT_ONCE = 500;
/** Written at once by a client that keeps as many unreleased as it can, with the message and its index. */
const MOST_BYTES = 400;

function scattered(count: number): number[] {
  return Array.from({ length: count }, (_, i) => 1 + i * 2);
}

async function publisherOf(world: World, count: number) {
  const client = await world.connected({ clean: false });
  const ids = scattered(count);
  for (let first = 0; first < count; first += AT_ONCE) {
    const packets = ids
      .slice(first, first + AT_ONCE)
      .map((id) => publish({ topic: 'x', qos: 2, id }));
    await client.exchange(...packets);
  }
  expect(client.channel.session!.received.size).to.equal(count);
  return client;
}

async function keysOf(world: World): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of world.store.scanState(StateSpace.INFLIGHT)) keys.push(key);
  return keys;
}

describe('gateway: pages of received packet identifiers', () => {
  it('are all that a publish writes of 32,500 scattered ones [MQTT-4.3.3-2]', async function () {
    this.timeout(30_000);
    const world = new World();
    const client = await publisherOf(world, MANY);
    const put = sinon.spy(world.store, 'putState');
    expect(await client.exchange(publish({ topic: 'x', qos: 2, id: 65_002 }))).to.deep.equal([
      { type: 'pubrec', id: 65_002 },
    ]);
    const bytesOf = () => put.args.reduce((sum, [, , value]) => sum + value.length, 0);
    expect(put.callCount).to.equal(2);
    expect(bytesOf()).to.be.below(MOST_BYTES);
    put.resetHistory();
    await client.exchange(pubrel(3));
    expect(bytesOf()).to.be.below(MOST_BYTES);
  });

  it('are found by the gateway that has the session next', async () => {
    const world = new World();
    const client = await publisherOf(world, 3000);
    await client.exchange(pubrel(1), publish({ topic: 'x', qos: 2, id: 5002 }));
    // The same store, another gateway: the first one has crashed.
    const other = new World({ store: world.store });
    const again = await other.connected({ clean: false });
    expect(again.sessionPresent).to.equal(true);
    const { received } = again.channel.session!;
    const expected = new Set([...scattered(3000).slice(1), 5002]);
    const known = Array.from({ length: 65_535 }, (_, i) => i + 1).filter((id) => received.has(id));
    expect(known).to.deep.equal([...expected].sort((a, b) => a - b));
    await again.exchange(publish({ topic: 'x', qos: 2, id: 5999, dup: true }));
    expect(other.stats.duplicatesReceived).to.equal(1);
  });

  it('go when the session ends, and when few are left', async () => {
    const world = new World();
    const client = await publisherOf(world, 3000);
    expect((await keysOf(world)).length).to.equal(4);
    await client.exchange(
      ...scattered(3000)
        .slice(10)
        .map((id) => pubrel(id)),
    );
    expect(await keysOf(world)).to.deep.equal(['c']);
    await client.exchange(
      ...scattered(3000)
        .slice(10)
        .map((id) => publish({ topic: 'x', qos: 2, id })),
    );
    expect((await keysOf(world)).length).to.equal(4);
    await client.lose();
    const clean = await world.connected({ clean: true });
    await clean.lose();
    expect(await keysOf(world)).to.deep.equal([]);
  });

  it('are written whole when the connection ends: a commit may have failed', async () => {
    const world = new World();
    const client = await publisherOf(world, 3000);
    const pages = (await keysOf(world)).filter((key) => key !== 'c');
    for (const key of pages) world.store.deleteState(StateSpace.INFLIGHT, key);
    await client.lose();
    const again = await world.connected({ clean: false });
    expect(again.channel.session!.received.size).to.equal(3000);
  });

  it('that are missing are damage, and go with a clean session', async () => {
    const world = new World();
    const client = await publisherOf(world, 3000);
    await client.lose();
    const record = (await world.store.getState(StateSpace.INFLIGHT, 'c')) as Buffer;
    expect(decodeInflightRecord(record, 'c').receivedPages).to.deep.equal({
      count: 3000,
      pages: 7,
    });
    world.store.deleteState(StateSpace.INFLIGHT, 'c\0received 1');
    const refused = await world.open().exchange(connect({ clientId: 'c', clean: false }));
    expect(refused).to.deep.equal([{ type: 'connack', sessionPresent: false, code: 3 }]);
    const clean = await world.connected({ clean: true });
    await clean.lose();
    expect(await keysOf(world)).to.deep.equal([]);
  });
});
