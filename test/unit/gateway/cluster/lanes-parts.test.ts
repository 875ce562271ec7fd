import { expect } from 'chai';
import { ClaimKind, claimKey } from '../../../../src/lmq/spi/cluster.ts';
import {
  connect,
  DISCONNECT,
  publish,
  pubrel,
  subscribe,
  unsubscribe,
} from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import type { World } from '../gateway-world.ts';
import { LanesWorld } from './lanes-world.ts';
import { twoGateways } from './two-gateways.ts';

const HOME = 0;
const BESIDE = 1;

describe('gateway: several stores: parts of sessions', () => {
  let stores: LanesWorld;
  let a: World;
  let b: World;
  let clientId: string;

  beforeEach(async () => {
    [stores, a, b] = await twoGateways(new LanesWorld());
    clientId = stores.clientIn(HOME);
  });

  /** The gateways that have the client's part, by lane. */
  function owners(): (World | undefined)[] {
    const key = claimKey(ClaimKind.PART, clientId);
    return stores.stores.map((store, lane) => {
      const owner = store.ownerOf(key);
      return [a, b].find((world) => stores.node(world, lane).node === owner);
    });
  }

  it('a stored session is claimed where it subscribes, but not at its home, until it ends', async () => {
    const client = await a.connected({ clientId, clean: false });
    await client.exchange(subscribe(1, [stores.topicIn(HOME), 1]));
    expect(owners()).to.deep.equal([undefined, undefined]);
    await client.exchange(subscribe(2, [stores.topicIn(BESIDE), 0]));
    expect(owners()).to.deep.equal([undefined, a]);
    await client.exchange(unsubscribe(3, stores.topicIn(BESIDE)));
    expect(owners(), 'what it leaves may be in flight').to.deep.equal([undefined, a]);
    await client.exchange(DISCONNECT);
    expect(owners()).to.deep.equal([undefined, undefined]);
  });

  it('a clean session is not', async () => {
    await a.subscribed({ clientId }, ['t/#', 2], ['$share/g/t/#', 2]);
    expect(owners()).to.deep.equal([undefined, undefined]);
  });

  it('a shared subscription claims it too', async () => {
    await a.subscribed({ clientId, clean: false }, ['$share/g/t/#', 1]);
    expect(owners()).to.deep.equal([undefined, a]);
  });

  it('so does the first QoS 2 publish to a topic there, before it is taken', async () => {
    const client = await a.connected({ clientId, clean: false });
    const topic = stores.topicIn(BESIDE);
    await client.exchange(publish({ topic, qos: 1, id: 1, payload: 'x' }));
    expect(owners()).to.deep.equal([undefined, undefined]);
    const packets = await client.exchange(publish({ topic, qos: 2, id: 2, payload: 'y' }));
    expect(packets.map(({ type }) => type)).to.deep.equal(['pubrec']);
    expect(owners()).to.deep.equal([undefined, a]);
  });

  it('goes with the session to another gateway, and back', async () => {
    await a.subscribed({ clientId, clean: false }, ['t/#', 2]);
    await b.connected({ clientId, clean: false });
    expect(owners()).to.deep.equal([undefined, b]);
    await a.connected({ clientId, clean: false });
    expect(owners()).to.deep.equal([undefined, a]);
  });

  it('a session that is discarded is claimed for that long', async () => {
    const former = await a.subscribed({ clientId, clean: false }, ['t/#', 2]);
    await former.exchange(DISCONNECT);
    const claimed: string[] = [];
    const node = stores.node(b, BESIDE);
    const claimWith = node.claimWith.bind(node);
    node.claimWith = (key, read) => {
      claimed.push(key);
      return claimWith(key, read);
    };
    await b.connected({ clientId, clean: true });
    expect(claimed).to.deep.equal([`p${clientId}`]);
    await b.connected({ clientId: stores.clientIn(HOME, 'else') });
    await a.connected({ clientId, clean: true });
    expect(owners()).to.deep.equal([undefined, undefined]);
  });

  it('a store that is added is claimed by sessions that are there and hear from it', async () => {
    await a.subscribed({ clientId, clean: false }, ['t/#', 1]);
    await stores.grow();
    expect(owners()).to.deep.equal([undefined, a, a]);
  });

  it('opens a session when the other store has given the dead gateway up, and not before [MQTT-4.3.3-2]', async () => {
    const topic = stores.topicIn(BESIDE);
    const watcher = await b.subscribed({ clientId: 'w' }, [topic, 2]);
    const before = await a.connected({ clientId, clean: false });
    await before.exchange(publish({ topic, qos: 2, id: 1, payload: '1' }), pubrel(1));
    const [atHome, beside] = [stores.node(a, HOME).node, stores.node(a, BESIDE).node];
    await stores.stores[HOME]!.kill(atHome);
    const after = b.open();
    after.socket.feed(connect({ clientId, clean: false, keepAlive: 0 }));
    await turns(20);
    expect(after.take(), 'no CONNACK yet').to.deep.equal([]);
    // What was under way to the other store comes now.
    await before.exchange(publish({ topic, qos: 2, id: 2, payload: '2' }));
    await stores.stores[BESIDE]!.kill(beside);
    await turns(20);
    expect(after.take().map(({ type }) => type)).to.deep.equal(['connack']);
    const packets = await after.exchange(
      publish({ topic, qos: 2, id: 2, payload: '2', dup: true }),
      pubrel(2),
    );
    expect(packets.map(({ type }) => type)).to.deep.equal(['pubrec', 'pubcomp']);
    expect(await watcher.drain()).to.deep.equal(['1', '2']);
  });

  it('a question for a part in use does not end the connection', async () => {
    const client = await a.subscribed({ clientId, clean: false }, ['t/#', 2]);
    stores.node(a, BESIDE).node.revoked?.(`p${clientId}`);
    await turns(10);
    expect(client.closed).to.equal(false);
    expect(owners()).to.deep.equal([undefined, a]);
  });

  it('one that comes when nobody waits for it any more is given back, as is an orphan of a store of before', async () => {
    const { node } = stores.node(a, BESIDE);
    await node.claim(`p${clientId}`);
    await node.orphans?.([`p${clientId}`, 'pother']);
    await turns();
    expect(owners()).to.deep.equal([undefined, undefined]);
    await node.claim(`p${clientId}`);
    node.revoked?.(`p${clientId}`);
    await turns();
    expect(owners()).to.deep.equal([undefined, undefined]);
  });

  it('messages of a shared group are taken back from a client that is away under its claim', async () => {
    const topic = stores.topicIn(BESIDE);
    const options = { clientId, clean: false };
    const first = await a.subscribed(options, [`$share/g/${topic}`, 1]);
    await b.subscribed({ clientId: 'other' }, [`$share/g/${topic}`, 1]);
    const claimed: string[] = [];
    for (const world of [a, b]) {
      const node = stores.node(world, BESIDE);
      const claimWith = node.claimWith.bind(node);
      node.claimWith = (key, read) => {
        claimed.push(key);
        return claimWith(key, read);
      };
    }
    const publisher = await b.connected({ clientId: 'p' });
    for (let id = 1; id <= 4; id++) {
      await publisher.exchange(publish({ topic, qos: 1, id, payload: String(id) }));
    }
    expect(await first.publishes()).not.to.have.length(0);
    await stores.kill(a);
    await turns(50);
    expect(claimed).to.include(`p${clientId}`);
    const key = claimKey(ClaimKind.PART, clientId);
    expect(stores.stores[BESIDE]?.ownerOf(key), 'given back').to.equal(undefined);
  });
});
