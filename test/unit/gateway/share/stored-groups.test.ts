import { expect } from 'chai';
import { encodeShareRecord } from '../../../../src/gateway/share/share-record.ts';
import { userKey } from '../../../../src/gateway/share/share-user.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { publish } from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { type FakeClient, World } from '../gateway-world.ts';

const GROUP = '$share/g/t';

async function started(before?: World): Promise<World> {
  const world = new World(before === undefined ? {} : { store: before.store, clock: before.clock });
  await world.context.shares.start(world.context.sessions);
  return world;
}

async function send(world: World, ...payloads: readonly string[]): Promise<void> {
  const publisher = await world.connected({ clientId: 'publisher' });
  await publisher.exchange(
    ...payloads.map((payload, i) => publish({ topic: 't', qos: 1, id: i + 1, payload })),
  );
  await publisher.lose();
}

function stored(world: World, clientId: string): Promise<FakeClient> {
  return world.subscribed({ clientId, clean: false }, [GROUP, 1]);
}

describe('gateway: stored shared groups', () => {
  it('go on where they were, for the members that come back', async () => {
    const world = await started();
    const a = await stored(world, 'a');
    await send(world, '1');
    expect(await a.drain()).to.deep.equal(['1']);
    await a.lose();
    await send(world, '2', '3');
    const other = await started(world);
    const again = await other.connected({ clientId: 'a', clean: false });
    expect(await again.drain()).to.deep.equal(['2', '3']);
  });

  it('what was given back and had by nobody is still there', async () => {
    const world = await started();
    const a = await world.subscribed({ clientId: 'a' }, [GROUP, 1]);
    const b = await stored(world, 'b');
    await b.lose();
    await send(world, '1', '2');
    expect(await a.publishes()).to.have.length(2);
    await a.lose();
    const other = await started(world);
    const again = await other.connected({ clientId: 'b', clean: false });
    expect(await again.drain()).to.deep.equal(['1', '2']);
  });

  it('what a stored member has in flight goes to another one that comes before it', async () => {
    const world = await started();
    const a = await stored(world, 'a');
    const b = await stored(world, 'b');
    await b.lose();
    await send(world, '1', '2');
    expect(await a.publishes()).to.have.length(2);
    await a.lose();
    const other = await started(world);
    const first = await other.connected({ clientId: 'b', clean: false });
    expect(await first.drain()).to.deep.equal(['1', '2']);
    const late = await other.connected({ clientId: 'a', clean: false });
    expect(await late.drain()).to.deep.equal([]);
  });

  it('after a crash DUP is on what a member may have had before it, and on nothing else [MQTT-3.3.1-1]', async () => {
    const world = await started();
    const a = await stored(world, 'a');
    const b = await stored(world, 'b');
    await b.lose();
    await send(world, '1', '2');
    // Acknowledged, but the progress is not saved yet.
    expect(await a.drain()).to.deep.equal(['1', '2']);
    const seen = async (client: FakeClient): Promise<unknown[]> =>
      (await client.publishes()).map(({ payload, dup }) => [payload.toString(), dup]);
    const other = await started(world);
    const again = await other.connected({ clientId: 'a', clean: false });
    expect(await seen(again)).to.deep.equal([
      ['1', true],
      ['2', true],
    ]);
    await again.lose();
    const first = await other.connected({ clientId: 'b', clean: false });
    expect(await seen(first)).to.deep.equal([
      ['1', false],
      ['2', false],
    ]);
    await send(other, '3');
    expect(await seen(first)).to.deep.equal([['3', false]]);
  });

  it('one without users waits a minute for them, then ends', async () => {
    const world = await started();
    await world.subscribed({ clientId: 'a' }, [GROUP, 1]);
    const other = await started(world);
    expect(other.stats.sharedGroupsCurrent).to.equal(1);
    other.clock.advance(59_000);
    expect(other.stats.sharedGroupsCurrent).to.equal(1);
    other.clock.advance(2_000);
    await turns();
    expect(other.stats.sharedGroupsCurrent).to.equal(0);
    expect(await other.store.getState(StateSpace.SHARE, GROUP)).to.equal(undefined);
  });

  it('a user whose session does not subscribe it is none', async () => {
    const world = await started();
    const key = userKey(GROUP, 'ghost');
    world.store.putState(StateSpace.SHARE, GROUP, encodeShareRecord([]));
    world.store.putState(StateSpace.SHARE_MEMBER, key, Buffer.alloc(0));
    await turns();
    const other = await started(world);
    expect(other.context.shares.find(GROUP)?.users.size).to.equal(0);
    expect(await other.store.getState(StateSpace.SHARE_MEMBER, key)).to.equal(undefined);
  });

  it('one that cannot be read is left alone, and the others are not', async () => {
    const world = await started();
    world.store.putState(StateSpace.SHARE, '$share/bad/t', Buffer.of(9));
    world.store.putState(StateSpace.SHARE, GROUP, encodeShareRecord([]));
    await turns();
    const other = await started(world);
    expect(other.context.shares.find('$share/bad/t')).to.equal(undefined);
    expect(other.context.shares.find(GROUP)).not.to.equal(undefined);
    expect(await other.store.getState(StateSpace.SHARE, '$share/bad/t')).to.deep.equal(
      Buffer.of(9),
    );
  });
});
