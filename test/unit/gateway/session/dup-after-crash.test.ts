import { expect } from 'chai';
import {
  puback,
  pubcomp,
  publish,
  type Publish,
  pubrec,
  type QoS,
} from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { type FakeClient, World } from '../gateway-world.ts';

async function send(world: World, topic: string, qos: QoS, ...payloads: string[]): Promise<void> {
  const publisher = await world.connected({ clientId: 'p' });
  await publisher.exchange(
    ...payloads.map((payload, i) => publish({ topic, qos, id: i + 1, payload })),
  );
  await publisher.lose();
}

function seen(messages: readonly Publish[]): (readonly [string, boolean])[] {
  return messages.map(({ payload, dup }) => [payload.toString(), dup]);
}

/** Everything received, acknowledged one message after the other. */
async function all(client: FakeClient): Promise<Publish[]> {
  const received: Publish[] = [];
  for (let batch = await client.publishes(); batch.length > 0;) {
    received.push(...batch);
    const answers = batch.map(({ qos, id }) => (qos === 1 ? puback(id) : pubrec(id)));
    const packets = await client.exchange(...answers);
    const released = packets.flatMap((packet) =>
      packet.type === 'pubrel' ? [pubcomp(packet.id)] : [],
    );
    client.putBack(packets);
    batch = await client.publishes(...released);
  }
  return received;
}

/** Another gateway over the same store: that of `world` has been killed. */
function afterCrash(world: World, maxInflight?: number): World {
  const limits = maxInflight === undefined ? {} : { maxInflight };
  return new World({ store: world.store, clock: world.clock, limits });
}

describe('gateway: DUP after a crash', () => {
  it('is on QoS 1 messages that may have been delivered before it, not on later ones [MQTT-3.3.1-1]', async () => {
    const world = new World();
    const client = await world.subscribed({ clean: false }, ['t', 1]);
    await send(world, 't', 1, '1', '2');
    // Acknowledged, but the progress is not saved yet.
    expect(await all(client)).to.have.length(2);
    const other = afterCrash(world);
    const again = await other.connected({ clean: false });
    expect(seen(await all(again))).to.deep.equal([
      ['1', true],
      ['2', true],
    ]);
    await send(other, 't', 1, '3');
    expect(seen(await all(again))).to.deep.equal([['3', false]]);
  });

  it('is on those that waited behind a full window too', async () => {
    const world = new World({ limits: { maxInflight: 1 } });
    const client = await world.subscribed({ clean: false }, ['t', 1]);
    await send(world, 't', 1, '1', '2', '3');
    expect(await client.publishes()).to.have.length(1);
    const again = await afterCrash(world, 1).connected({ clean: false });
    expect(seen(await all(again))).to.deep.equal([
      ['1', true],
      ['2', true],
      ['3', true],
    ]);
  });

  it('is not on QoS 2 messages that had no identifier, and on those that had [MQTT-3.3.1-1]', async () => {
    const world = new World({ limits: { maxInflight: 1 } });
    const client = await world.subscribed({ clean: false }, ['t', 2]);
    await send(world, 't', 2, '1', '2');
    expect(await client.publishes()).to.have.length(1);
    const again = await afterCrash(world, 1).connected({ clean: false });
    expect(seen(await all(again))).to.deep.equal([
      ['1', true],
      ['2', false],
    ]);
  });

  it('is not on QoS 1 messages after a clean disconnect', async () => {
    const world = new World();
    const client = await world.subscribed({ clean: false }, ['t', 1]);
    await send(world, 't', 1, '1');
    expect(await all(client)).to.have.length(1);
    await client.lose();
    await send(world, 't', 1, '2', '3');
    const again = await afterCrash(world).connected({ clean: false });
    expect(seen(await all(again))).to.deep.equal([
      ['2', false],
      ['3', false],
    ]);
  });

  it('ends with the next clean disconnect', async () => {
    const world = new World();
    await world.subscribed({ clean: false }, ['t', 1]);
    const other = afterCrash(world);
    const second = await other.connected({ clean: false });
    await second.lose();
    await send(other, 't', 1, '1');
    const third = await other.connected({ clean: false });
    expect(seen(await all(third))).to.deep.equal([['1', false]]);
  });

  it('is on the messages of a client that reconnects after two crashes', async () => {
    const world = new World();
    await world.subscribed({ clean: false }, ['t', 1]);
    await send(world, 't', 1, '1');
    const second = afterCrash(world);
    await second.connected({ clean: false });
    await turns();
    const third = await afterCrash(second).connected({ clean: false });
    expect(seen(await all(third))).to.deep.equal([['1', true]]);
  });

  it('is on P2P messages as on others', async () => {
    const world = new World();
    const client = await world.connected({ clean: false });
    await send(world, 't/p2p/c', 1, 'm');
    expect(await all(client)).to.have.length(1);
    const again = await afterCrash(world).connected({ clean: false });
    expect(seen(await all(again))).to.deep.equal([['m', true]]);
  });

  it('reaches each of several sessions that read the same records, and no one else', async () => {
    const world = new World();
    for (const clientId of ['a', 'b', 'c'])
      await world.subscribed({ clientId, clean: false }, ['t', 1]);
    const away = await world.subscribed({ clientId: 'away', clean: false }, ['t', 1]);
    await away.lose();
    await send(world, 't', 1, '1', '2');
    const other = afterCrash(world);
    for (const [clientId, dup] of [
      ['away', false],
      ['a', true],
      ['b', true],
      ['c', true],
    ] as const) {
      const client = await other.connected({ clientId, clean: false });
      expect(seen(await all(client)), clientId).to.deep.equal([
        ['1', dup],
        ['2', dup],
      ]);
    }
  });
});
