import { expect } from 'chai';
import { ClaimKind, claimKey } from '../../../../src/lmq/spi/cluster.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import {
  connect,
  DISCONNECT,
  puback,
  publish,
  pubcomp,
  pubrec,
  pubrel,
  subscribe,
} from '../../../helpers/packets.ts';
import { FakeClient5 } from '../fake-client5.ts';
import { turns } from '../fake-socket.ts';
import type { FakeClient, World } from '../gateway-world.ts';
import { ClusterWorld } from './cluster-world.ts';
import { twoGateways } from './two-gateways.ts';

async function payloads(client: FakeClient): Promise<string[]> {
  return (await client.publishes()).map(({ payload }) => payload.toString());
}

describe('gateway: cluster: takeover', () => {
  let cluster: ClusterWorld;
  let a: World;
  let b: World;

  beforeEach(async () => {
    [cluster, a, b] = await twoGateways(new ClusterWorld());
  });

  it('closes the connection at the other gateway with 0x8E before the CONNACK here [MQTT-3.1.4-3]', async () => {
    const former = await new FakeClient5(a).connect({ clientId: 'c', clean: false });
    const client = b.open();
    client.socket.feed(connect({ clientId: 'c', clean: false, keepAlive: 0 }));
    let packets = former.take();
    for (; packets.length === 0; packets = former.take()) {
      expect(client.take(), 'no CONNACK before').to.deep.equal([]);
      await turns(1);
    }
    expect(packets[0]).to.include({ type: 'disconnect', code: 0x8e });
    await turns();
    expect(client.take().map(({ type }) => type)).to.deep.equal(['connack']);
    expect(former.closed).to.equal(true);
    expect(client.closed).to.equal(false);
    expect(a.context.sessions.size).to.equal(0);
    expect(cluster.shared.ownerOf(claimKey(ClaimKind.SESSION, 'c'))?.origin).to.equal(2);
  });

  it('the session goes on: subscriptions, what waits, and what is in flight at QoS 1 and 2', async () => {
    const options = { clientId: 's', clean: false };
    const first = await a.subscribed(options, ['t/#', 2]);
    const publisher = await b.connected({ clientId: 'p' });
    await publisher.exchange(
      publish({ topic: 't/1', qos: 1, id: 1, payload: 'one' }),
      publish({ topic: 't/2', qos: 2, id: 2, payload: 'two' }),
      pubrel(2),
    );
    const received = await first.publishes();
    expect(received.map(({ payload }) => payload.toString())).to.deep.equal(['one', 'two']);
    // QoS 2 is half done: its PUBREL is due, not its PUBLISH.
    await first.exchange(pubrec(received[1]!.id));
    const second = await b.connected(options);
    expect(second.sessionPresent).to.equal(true);
    const again = await second.exchange();
    const publishes = again.filter(({ type }) => type === 'publish');
    expect(publishes.map((packet) => ('dup' in packet ? packet.dup : false))).to.deep.equal([true]);
    expect(
      again.some((packet) => packet.type === 'pubrel' && packet.id === received[1]!.id),
    ).to.equal(true);
    await second.exchange(puback(received[0]!.id), pubcomp(received[1]!.id));
    await publisher.exchange(publish({ topic: 't/3', qos: 1, id: 3, payload: 'three' }));
    expect(await payloads(second)).to.deep.equal(['three']);
  });

  it('a QoS 2 message that was received there is not published again here [MQTT-4.3.3-2]', async () => {
    const watcher = await a.subscribed({ clientId: 'w' }, ['t', 2]);
    const options = { clientId: 'p', clean: false };
    const first = await a.connected(options);
    await first.exchange(publish({ topic: 't', qos: 2, id: 7, payload: 'once' }));
    const second = await b.connected(options);
    const packets = await second.exchange(
      publish({ topic: 't', qos: 2, id: 7, payload: 'once', dup: true }),
    );
    expect(packets.map(({ type }) => type)).to.deep.equal(['pubrec']);
    expect(await watcher.drain()).to.deep.equal(['once']);
  });

  it('goes back and forth', async () => {
    for (let i = 0; i < 5; i++) {
      const world = i % 2 === 0 ? a : b;
      const client = await world.connected({ clientId: 'c', clean: false });
      expect(client.sessionPresent).to.equal(i > 0);
      if (i === 0) await client.exchange(subscribe(1, ['x', 1]));
    }
    expect(a.context.sessions.size + b.context.sessions.size).to.equal(1);
  });

  it('clients of both that connect at once: one of them has the session in the end', async () => {
    const options = { clientId: 'c', clean: false };
    const clients = await Promise.all([
      a.connected(options),
      b.connected(options),
      a.connected(options),
    ]).catch(() => undefined);
    await turns(50);
    expect(a.context.sessions.size + b.context.sessions.size).to.equal(1);
    expect(clients?.filter(({ closed }) => !closed).length ?? 1).to.equal(1);
  });

  it('the claim is given back with the session', async () => {
    const client = await a.connected({ clientId: 'c', clean: false });
    const key = claimKey(ClaimKind.SESSION, 'c');
    expect(cluster.shared.ownerOf(key)?.origin).to.equal(1);
    await client.exchange(DISCONNECT);
    expect(cluster.shared.ownerOf(key)).to.equal(undefined);
  });

  it('a dead gateway: its session is offline since then, and goes on elsewhere with DUP', async () => {
    const options = { clientId: 'c', clean: false };
    const first = await a.subscribed(options, ['t', 1]);
    const publisher = await b.connected({ clientId: 'p' });
    await publisher.exchange(publish({ topic: 't', qos: 1, id: 1, payload: 'm' }));
    expect(await payloads(first)).to.deep.equal(['m']);
    await cluster.kill(a);
    const stored = await b.store.getState(StateSpace.SESSION, 'c');
    expect(stored!.readUIntBE(11, 6)).to.be.greaterThan(2 ** 47 - 1);
    const second = await b.connected(options);
    expect(second.sessionPresent).to.equal(true);
    const [message] = await second.publishes();
    expect(message).to.include({ dup: true });
  });
});
