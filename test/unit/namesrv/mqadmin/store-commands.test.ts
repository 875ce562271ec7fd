import { expect } from 'chai';
import { systemClock } from '../../../../src/common/clock.ts';
import { parseStoreTable, type StoreTable } from '../../../../src/common/store-table.ts';
import { runMqadmin } from '../../../../src/namesrv/mqadmin/mqadmin.ts';
import { aStore, NamesrvNodes } from '../namesrv-nodes.ts';
import { FakeStore } from './fake-store.ts';

describe('mqadmin of several stores', function () {
  this.timeout(20_000);
  let nodes: NamesrvNodes;
  let stores: Record<'a' | 'b' | 'c', FakeStore>;

  beforeEach(async () => {
    nodes = new NamesrvNodes();
    await nodes.add();
    stores = { a: new FakeStore(), b: new FakeStore(), c: new FakeStore() };
    for (const [name, store] of Object.entries(stores)) {
      const topics = name === 'c' ? ['sensors'] : [];
      const address = await store.start();
      nodes.servers[0]!.registry.stores.register(aStore({ name, address, topics }));
    }
  });
  afterEach(async () => {
    for (const { rpc } of Object.values(stores)) await rpc.stop();
    await nodes.end();
  });

  async function mqadmin(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    let [out, err] = ['', ''];
    const code = await runMqadmin(args, {
      defaultNamesrvAddr: `127.0.0.1:${String(nodes.servers[0]!.port)}`,
      stdout: (text) => (out += text),
      stderr: (text) => (err += text),
      clock: systemClock,
    });
    return { code, out, err };
  }

  const table = (): StoreTable =>
    parseStoreTable(nodes.servers[0]!.kv.get('LMQTT', 'STORES') ?? '');

  async function found(...names: string[]): Promise<void> {
    const outcome = await mqadmin('foundStores', '-b', names.join(','));
    expect(outcome.code, outcome.err).to.equal(0);
  }

  describe('foundStores', () => {
    it('writes the table with the topics of each store, and stores require it', async () => {
      await found('b', 'c');
      expect(table()).to.deep.equal({
        stores: [
          { name: 'b', topics: [], generation: 1 },
          { name: 'c', topics: ['sensors'], generation: 1 },
        ],
        active: 1,
      });
      expect([stores.a.required, stores.b.required, stores.c.required]).to.deep.equal([0, 1, 1]);
    });

    it('takes a store in use alone, not beside others, unless told to', async () => {
      stores.a.records = 5;
      const { code, err } = await mqadmin('foundStores', '-b', 'a,b');
      expect(code).to.equal(1);
      expect(err).to.include('store a is not new: it has 5 messages').and.include('alone');
      expect((await mqadmin('foundStores', '-b', 'a,b', '--used')).code).to.equal(0);
    });

    it('waits for the gateways of the one store that there was', async () => {
      stores.a.gateway('g1', 0);
      const outcome = mqadmin('foundStores', '-b', 'a');
      setTimeout(() => {
        stores.a.gateway('g1', 1);
      }, 400);
      expect((await outcome).out).to.match(/waiting: gateway g1 has generation 0 at store a\n/);
      expect((await outcome).code).to.equal(0);
    });

    it('goes on with its own table, and refuses to make another one', async () => {
      await found('a', 'b');
      stores.a.required = 0;
      await found('a', 'b');
      expect(stores.a.required).to.equal(1);
      for (const names of ['b,a', 'a', 'a,b,c']) {
        const { code, err } = await mqadmin('foundStores', '-b', names);
        expect(code).to.equal(1);
        expect(err).to.include('spread over a, b already');
      }
    });

    it('refuses stores that leave some topics to nobody, or are not there', async () => {
      expect((await mqadmin('foundStores', '-b', 'c')).err).to.include('serves all topics');
      expect((await mqadmin('foundStores', '-b', 'x')).err).to.include('no store "x"');
      expect((await mqadmin('foundStores', '-b', ',')).err).to.include('-b names no store');
    });
  });

  describe('addStore', () => {
    it('prepares, requires, copies filters and activates', async () => {
      await found('a');
      stores.a.gateway('g1', 2);
      stores.a.filter('x/#', 3);
      stores.a.filter('y/+', 0, true);
      stores.b.filter('x/#', 1);
      const { code, out, err } = await mqadmin('addStore', '-b', 'b');
      expect(code, err).to.equal(0);
      expect(out).to.match(/1\/4[^]*2\/4[^]*3\/4[^]*4\/4 topics go to b \(2 filters copied\)/);
      expect(table()).to.deep.include({ active: 2 });
      expect(table().stores[1]).to.deep.equal({ name: 'b', topics: [], generation: 2 });
      expect([stores.a.required, stores.b.required]).to.deep.equal([2, 2]);
      expect([...stores.b.filters.values()]).to.have.deep.members([
        { filter: 'x/#', durableUses: 3, pinned: false },
        { filter: 'y/+', durableUses: 0, pinned: true },
      ]);
    });

    it('copies only filters of the topics that the store serves', async () => {
      await found('a');
      for (const filter of ['sensors/+', '+/x', '#', 'other/#']) stores.a.filter(filter, 1);
      expect((await mqadmin('addStore', '-b', 'c')).code).to.equal(0);
      expect([...stores.c.filters.keys()].sort()).to.deep.equal(['#', '+/x', 'sensors/+']);
    });

    it('copies again what has been subscribed meanwhile', async () => {
      await found('a');
      stores.a.filter('x/#', 1);
      let lists = 0;
      stores.a.onList = () => {
        if (++lists === 1) stores.a.filter('x/#', 2);
      };
      expect((await mqadmin('addStore', '-b', 'b')).code).to.equal(0);
      expect(stores.b.filters.get('x/#')).to.deep.include({ durableUses: 2 });
    });

    it('names who does not follow, moves nothing, and goes on later', async () => {
      await found('a');
      stores.a.gateway('g1', 2);
      stores.a.gateway('g2', 1, false);
      const args = ['addStore', '-b', 'b', '--timeout', '0.7'];
      const { code, err } = await mqadmin(...args);
      expect(code).to.equal(1);
      expect(err).to.include('gateway g2 has generation 1 at store a, and is not connected to it');
      expect(err).to.include('No topic has moved').and.include('run addStore -b b again');
      expect(err).not.to.include('g1');
      expect(table().active).to.equal(1);
      const other = await mqadmin('addStore', '-b', 'c');
      expect(other.err).to.include('store b is being added');
      stores.a.gateway('g2', 2);
      // Gateways are at it by now.
      stores.b.gateway('g1', 2);
      expect((await mqadmin(...args)).code).to.equal(0);
      expect(table().active).to.equal(2);
      expect((await mqadmin(...args)).out).to.include('has messages of its own already');
    });

    it('is not done before every gateway has switched, and names those that have not', async () => {
      await found('a');
      stores.a.gateway('g1', 2, true, 2);
      stores.a.gateway('g2', 2, true, 1);
      const args = ['addStore', '-b', 'b', '--timeout', '0.7'];
      const { code, out, err } = await mqadmin(...args);
      expect(code).to.equal(1);
      expect(err).to.include('gateway g2 goes on with generation 1 at store a');
      expect(err).to.include('The table says that the store is active').and.not.include('g1');
      expect(out).not.to.include('success');
      expect(table().active).to.equal(2);
      expect((await mqadmin('storeList')).out).to.include('g1 (2), g2 (2, sends by 1)');
      expect((await mqadmin(...args)).code, 'again').to.equal(1);
      stores.a.gateway('g2', 2, true, 2);
      const again = await mqadmin(...args);
      expect(again.code, again.err).to.equal(0);
      expect(again.out).to.include('has messages of its own already');
    });

    it('waits for a store that does not answer', async () => {
      await found('a', 'b');
      await stores.b.rpc.stop();
      const { code, err } = await mqadmin('addStore', '-b', 'c', '--timeout', '0.5');
      expect(code).to.equal(1);
      expect(err).to.include('store b: ');
    });

    it('refuses a store that is not new, and one without a table', async () => {
      expect((await mqadmin('addStore', '-b', 'b')).err).to.include('no table of stores');
      await found('a');
      for (const [spoil, message] of [
        [() => (stores.b.required = 3), 'in a table of stores before'],
        [() => (stores.b.records = 1), 'it has 1 messages'],
        [() => stores.b.gateway('g9', 0), 'gateways are at it: g9'],
      ] as const) {
        spoil();
        expect((await mqadmin('addStore', '-b', 'b')).err).to.include(message);
      }
    });
  });

  describe('storeList', () => {
    it('prints the stores with their gateways, and what is wrong with one', async () => {
      await found('a', 'c');
      stores.a.gateway('g2', 1);
      stores.a.gateway('g1', 0, false);
      await stores.c.rpc.stop();
      const lines = (await mqadmin('storeList')).out.split('\n');
      expect(lines[0]).to.match(/^#Broker Name +#Generation +#State /);
      expect(lines[1]).to.match(/^a +1\/1 +active +127[^ ]+ +0 +1 +- +g1 \(0, away\), g2 \(1\)$/);
      expect(lines[2]).to.match(/^c +1\/1 +active +127[^ ]+ +- +- +sensors +store c: /);
    });

    it('prints the store of a cluster without a table of stores', async () => {
      stores.a.gateway('g1', 0);
      stores.a.records = 7;
      nodes.servers[0]!.registry.stores.unregister('b', aStore({ name: 'b' }).epoch);
      const { code, out, err } = await mqadmin('storeList');
      expect(code, err).to.equal(0);
      const lines = out.split('\n');
      expect(lines[1]).to.match(/^a +- +- +127[^ ]+ +7 +0 +- +g1 \(0\)$/);
      expect(lines[2]).to.match(/^c .* sensors/);
      expect(lines[3]).to.equal('There is no table of stores: the cluster has one store.');
    });

    it('says what gateways wait for while several stores serve every topic without a table', async () => {
      const { code, out } = await mqadmin('storeList');
      expect(code).to.equal(0);
      expect(out).to.include('gateways wait until one store').and.include('foundStores');
    });
  });

  describe('topicRoute and updateTopic', () => {
    it('say where topics lie by the table, which cannot be overruled', async () => {
      await found('a', 'b', 'c');
      await mqadmin('updateTopic', '-c', 'DefaultCluster', '-t', 'sensors');
      await mqadmin('updateTopic', '-c', 'DefaultCluster', '-t', 'other');
      const routeOf = async (topic: string): Promise<string[]> => {
        const { out } = await mqadmin('topicRoute', '-t', topic);
        const { brokerDatas } = JSON.parse(out) as { brokerDatas: { brokerName: string }[] };
        return brokerDatas.map(({ brokerName }) => brokerName);
      };
      expect(await routeOf('sensors')).to.deep.equal(['c']);
      expect(await routeOf('other')).to.deep.equal(['a', 'b']);
      const { code, err } = await mqadmin('updateTopic', '-b', 'a', '-t', 'sensors');
      expect(code).to.equal(1);
      expect(err).to.include('says where topics lie');
    });
  });
});
