import { expect } from 'chai';
import { SilentStores } from '../../../../src/gateway/cluster/silent-stores.ts';
import { closeHomeless } from '../../../../src/gateway/cluster/close-homeless.ts';
import { ONE_STORE_SPREAD } from '../../../../src/lmq/spi/stores.ts';
import { connect, publish } from '../../../helpers/packets.ts';
import { FakeClient5 } from '../fake-client5.ts';
import { turns } from '../fake-socket.ts';
import type { FakeClient, World } from '../gateway-world.ts';
import { LanesWorld } from './lanes-world.ts';
import { twoGateways } from './two-gateways.ts';

const HOME = 1;
const ELSEWHERE = 0;

describe('gateway: one of several stores is silent', () => {
  let stores: LanesWorld;
  let a: World;
  let b: World;

  beforeEach(async () => {
    [stores, a, b] = await twoGateways(new LanesWorld());
  });

  async function silence(world: World, isSilent: boolean): Promise<void> {
    stores.node(world, HOME).node.silent?.(isSilent);
    await turns(10);
  }

  async function payloads(client: FakeClient): Promise<string[]> {
    return (await client.publishes()).map(({ payload }) => payload.toString());
  }

  it('connections of clients at home there are closed with 0x89, others are not [MQTT-3.1.4-2]', async () => {
    const [persistent, clean] = [new FakeClient5(a), new FakeClient5(a)];
    await persistent.connect({ clientId: stores.clientIn(HOME, 'p'), clean: false });
    await clean.connect({ clientId: stores.clientIn(HOME, 'c') });
    const elsewhere = new FakeClient5(a);
    await elsewhere.connect({ clientId: stores.clientIn(ELSEWHERE), clean: false });
    const other = new FakeClient5(b);
    await other.connect({ clientId: stores.clientIn(HOME, 'o'), clean: false });
    await silence(a, true);
    for (const client of [persistent, clean]) {
      expect(client.take()[0]).to.include({ type: 'disconnect', code: 0x89 });
      expect(client.closed).to.equal(true);
    }
    expect([elsewhere.closed, other.closed]).to.deep.equal([false, false]);
  });

  it('says where to go instead, when that is known', () => {
    const silent = new SilentStores(ONE_STORE_SPREAD);
    silent.add(0);
    const said: unknown[] = [];
    const connection = {
      session: { clientId: 'c' },
      close: (...what: unknown[]) => said.push(...what.slice(1)),
    };
    const early = { session: undefined, close: () => said.push('early') };
    expect(closeHomeless(new Set([connection, early]), silent, 'other:1883')).to.equal(1);
    expect(said).to.deep.equal([0x9c, 'other:1883']);
  });

  it('a client at home there is refused at once, until the store is heard again', async () => {
    const fields = { clientId: stores.clientIn(HOME), clean: false, keepAlive: 0 };
    await silence(a, true);
    const refused = await a.open().exchange(connect(fields));
    expect(refused[0]).to.include({ type: 'connack', code: 3 });
    const elsewhere = await a.connected({ clientId: stores.clientIn(ELSEWHERE) });
    expect(elsewhere.closed).to.equal(false);
    const there = await b.connected(fields);
    expect(there.sessionPresent).to.equal(false);
    await silence(a, false);
    const again = await a.connected(fields);
    expect(again.sessionPresent).to.equal(true);
  });

  it('one that is being let in as it becomes silent is not', async () => {
    const client = a.open();
    client.socket.feed(
      connect({
        clientId: stores.clientIn(HOME),
        keepAlive: 0,
        will: { topic: 'w', payload: 'will', qos: 1 },
      }),
    );
    stores.node(a, HOME).node.silent?.(true);
    await turns(20);
    expect(client.take()[0]).to.include({ type: 'connack', code: 3 });
    expect(a.context.sessions.size).to.equal(0);
  });

  it('its shared groups hand nothing out until it is heard again', async () => {
    const topic = stores.topicIn(HOME);
    const member = await a.subscribed({ clientId: stores.clientIn(ELSEWHERE) }, [
      '$share/g/t/+',
      1,
    ]);
    const publisher = await a.connected({ clientId: stores.clientIn(ELSEWHERE, 'p') });
    await publisher.exchange(publish({ topic, qos: 1, id: 1, payload: 'before' }));
    await turns(10);
    expect(await payloads(member)).to.deep.equal(['before']);
    await silence(a, true);
    await publisher.exchange(publish({ topic, qos: 1, id: 2, payload: 'waits' }));
    await turns(10);
    expect(await payloads(member)).to.deep.equal([]);
    await silence(a, false);
    expect(await payloads(member)).to.deep.equal(['waits']);
  });

  it('a will for another store is not published before its home has answered', async () => {
    const watcher = await b.subscribed({ clientId: 'watcher' }, ['w/#', 1]);
    const topic = stores.topicIn(ELSEWHERE, 'w/');
    const clientId = stores.clientIn(HOME);
    const client = await a.connected({ clientId, will: { topic, payload: 'gone', qos: 1 } });
    const home = stores.node(a, HOME);
    const getState = home.getState.bind(home);
    let answer: () => void = () => undefined;
    const silent = new Promise<void>((resolve) => (answer = resolve));
    home.getState = async (space, key) => {
      await silent;
      return getState(space, key);
    };
    await silence(a, true);
    expect(client.closed).to.equal(true);
    expect(await payloads(watcher)).to.deep.equal([]);
    answer();
    await silence(a, false);
    expect(await payloads(watcher)).to.deep.equal(['gone']);
  });

  it('a will for another store is left to others when its home has given the client away', async () => {
    const watcher = await b.subscribed({ clientId: 'watcher' }, ['w/#', 1]);
    const topic = stores.topicIn(ELSEWHERE, 'w/');
    await a.connected({
      clientId: stores.clientIn(HOME),
      will: { topic, payload: 'gone', qos: 1 },
    });
    const home = stores.node(a, HOME);
    home.getState = () => Promise.reject(new Error('this node is dead to the store'));
    await silence(a, true);
    await turns(10);
    expect(await payloads(watcher)).to.deep.equal([]);
    await stores.kill(a);
    await turns(10);
    expect(await payloads(watcher)).to.deep.equal(['gone']);
  });
});
