import { expect } from 'chai';
import { DISCONNECT } from '../../../helpers/packets.ts';
import { FakeClient5 } from '../fake-client5.ts';
import { turns } from '../fake-socket.ts';
import type { FakeClient, World } from '../gateway-world.ts';
import { ClusterWorld } from './cluster-world.ts';
import { twoGateways } from './two-gateways.ts';

const WILL = { topic: 'w/a', payload: 'gone', qos: 1 } as const;

async function payloads(client: FakeClient): Promise<string[]> {
  return (await client.publishes()).map(({ payload }) => payload.toString());
}

describe('gateway: cluster: wills', () => {
  let cluster: ClusterWorld;
  let a: World;
  let b: World;
  let watcher: FakeClient;

  beforeEach(async () => {
    [cluster, a, b] = await twoGateways(new ClusterWorld());
    watcher = await b.subscribed({ clientId: 'watcher' }, ['w/#', 1]);
  });

  it('of a connection that breaks reach subscribers of other gateways', async () => {
    await (await a.connected({ will: WILL })).lose();
    expect(await payloads(watcher)).to.deep.equal(['gone']);
  });

  it('of the connection before is published by a takeover, once [MQTT-3.1.2-8]', async () => {
    await a.connected({ clientId: 'c', will: WILL });
    const next = await b.connected({ clientId: 'c', will: { ...WILL, payload: 'next' } });
    expect(await payloads(watcher)).to.deep.equal(['gone']);
    await next.exchange(DISCONNECT);
    expect(await payloads(watcher)).to.deep.equal([]);
  });

  it('of a dead gateway: published once by another one', async () => {
    await a.connected({ clientId: 'c', will: WILL });
    await a.connected({ clientId: 'd', clean: false, will: { ...WILL, payload: 'too' } });
    await cluster.kill(a);
    expect((await payloads(watcher)).sort()).to.deep.equal(['gone', 'too']);
  });

  it('of a dead gateway, whose client has come back already: published once', async () => {
    await a.connected({ clientId: 'c', clean: false, will: WILL });
    const killing = cluster.kill(a);
    await b.connected({ clientId: 'c', clean: false });
    await killing;
    expect(await payloads(watcher)).to.deep.equal(['gone']);
  });

  const DELAYED = {
    clientId: 'c',
    clean: false,
    properties: [['sessionExpiry', 100]],
    will: { ...WILL, properties: [['willDelay', 10]] },
  } as const;

  it('that waits is dropped when the client comes back at another gateway [MQTT5-3.1.3-9]', async () => {
    const client = await new FakeClient5(a).connect(DELAYED);
    client.socket.destroy();
    await turns();
    await new FakeClient5(b).connect({
      clientId: 'c',
      clean: false,
      properties: [['sessionExpiry', 100]],
    });
    cluster.clock.advance(20_000);
    await turns();
    expect(await payloads(watcher)).to.deep.equal([]);
  });

  it('whose delay has passed is published by the gateway that the client comes back to [MQTT5-3.1.3-9]', async () => {
    const client = await new FakeClient5(a).connect(DELAYED);
    client.socket.destroy();
    await turns();
    // Before the timer wheel of the first one looks at it.
    cluster.clock.advance(10_000);
    await new FakeClient5(b).connect({ ...DELAYED, will: { ...DELAYED.will, payload: 'next' } });
    await turns();
    expect(await payloads(watcher)).to.deep.equal(['gone']);
    cluster.clock.advance(20_000);
    await turns();
    expect(await payloads(watcher)).to.deep.equal([]);
  });

  it('that waits is published after its delay when its gateway dies', async () => {
    const client = await new FakeClient5(a).connect(DELAYED);
    client.socket.destroy();
    await turns();
    cluster.clock.advance(5_000);
    await cluster.kill(a);
    expect(await payloads(watcher)).to.deep.equal([]);
    cluster.clock.advance(7_000);
    await turns();
    expect(await payloads(watcher)).to.deep.equal(['gone']);
  });

  it('with a delay, of a connection to a gateway that dies: after its delay', async () => {
    await new FakeClient5(a).connect(DELAYED);
    await cluster.kill(a);
    expect(await payloads(watcher)).to.deep.equal([]);
    cluster.clock.advance(12_000);
    await turns();
    expect(await payloads(watcher)).to.deep.equal(['gone']);
  });

  it('of a client that is connected elsewhere stay', async () => {
    await a.connected({ clientId: 'c', will: WILL });
    const third = await cluster.gateway();
    await turns();
    expect(await payloads(watcher)).to.deep.equal([]);
    expect(third.stats.willsPublished).to.equal(0);
  });
});
