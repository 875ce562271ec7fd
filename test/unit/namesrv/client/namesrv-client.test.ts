import { expect } from 'chai';
import type { NamesrvClient } from '../../../../src/namesrv/client/namesrv-client.ts';
import type { KvChange } from '../../../../src/namesrv/types.ts';
import { RpcError, RpcStatus } from '../../../../src/rpc/rpc-status.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { failureOf } from '../../../helpers/failure-of.ts';
import { aGateway, aStore, NamesrvNodes } from '../namesrv-nodes.ts';

const append = (item: string) => (list: string | undefined) =>
  list === undefined ? item : `${list},${item}`;

describe('NamesrvClient', () => {
  let nodes: NamesrvNodes;

  beforeEach(() => {
    nodes = new NamesrvNodes();
  });

  afterEach(async () => {
    await nodes.end();
  });

  describe('of one name server', () => {
    beforeEach(async () => {
      await nodes.add();
    });

    it('has the whole table when it has started', async () => {
      await nodes.servers[0]!.kv.put('LMQ', 'a', '1');
      await nodes.servers[0]!.kv.put('LMQ_EVENTS', 'b', '2');
      const client = await nodes.client();
      expect(client.get('LMQ', 'a')).to.equal('1');
      expect([...client.list('LMQ_EVENTS')]).to.deep.equal([['b', '2']]);
    });

    it('is told each change of others, in order, and tells its watchers', async () => {
      const [client, other] = [await nodes.client(), await nodes.client()];
      const changes: KvChange[] = [];
      client.watch('LMQ', (change) => changes.push(change));
      await other.put('LMQ', 'a', '1');
      await other.put('ELSEWHERE', 'a', '1');
      await other.put('LMQ', 'a', '2');
      await other.delete('LMQ', 'a');
      await eventually('three changes', () => changes.length === 3);
      expect(changes.map(({ value }) => value)).to.deep.equal(['1', '2', undefined]);
      expect(client.get('LMQ', 'a')).to.equal(undefined);
    });

    it('has told its own watchers of a write, once, when the write resolves', async () => {
      const client = await nodes.client();
      const changes: KvChange[] = [];
      client.watch('LMQ', (change) => changes.push(change));
      await client.put('LMQ', 'a', '1');
      expect(changes).to.deep.equal([{ namespace: 'LMQ', key: 'a', value: '1' }]);
      await client.put('LMQ', 'b', '2');
      expect(changes).to.have.length(2);
      expect(nodes.servers[0]!.kv.get('LMQ', 'a')).to.equal('1');
    });

    it('loses no edit of several clients at once', async () => {
      const clients = [await nodes.client(), await nodes.client(), await nodes.client()];
      const items = Array.from({ length: 30 }, (_value, index) => `item${String(index)}`);
      await Promise.all(
        items.map((item, index) => clients[index % 3]!.edit('LMQ', 'list', append(item))),
      );
      const list = nodes.servers[0]!.kv.get('LMQ', 'list')!.split(',');
      expect(list.sort()).to.deep.equal(items.sort());
    });

    it('edits nothing when the value is right already', async () => {
      const client = await nodes.client();
      await client.put('LMQ', 'a', '1');
      const before = await findVersion();
      await client.edit('LMQ', 'a', (value) => value);
      expect(await findVersion()).to.deep.equal(before);
    });

    it('rejects a value that the name server refuses, at once', async () => {
      const client = await nodes.client();
      const error = await failureOf(client.put('N'.repeat(300), 'a', '1'));
      expect(error).to.be.instanceOf(RpcError);
      expect((error as RpcError).status).to.equal(RpcStatus.FAILED_PRECONDITION);
      expect((error as RpcError).message).to.contain('namespace too large');
    });

    it('lives on with its last knowledge, and writes when the name server is back', async () => {
      const client = await nodes.client();
      client.registerStore(aStore());
      await client.put('LMQ', 'a', '1');
      await eventually('the store is registered', () => client.stores().has('store-1'));
      await nodes.stop(0);
      await eventually('the loss is noticed', () => client.connections === 0);
      expect(client.get('LMQ', 'a')).to.equal('1');
      expect([...client.stores().keys()]).to.deep.equal(['store-1']);
      const written = client.put('LMQ', 'a', '2');
      await nodes.start(0);
      await written;
      expect(nodes.servers[0]!.kv.get('LMQ', 'a')).to.equal('2');
      const { registry } = nodes.servers[0]!;
      await eventually('it is registered again', () => registry.stores.list().length === 1);
    });

    it('fails a write that no name server takes in time', async () => {
      const client = await nodes.client({ writeTimeoutMs: 100 });
      await nodes.stop(0);
      await eventually('the loss is noticed', () => client.connections === 0);
      const error = await failureOf(client.put('LMQ', 'a', '1'));
      expect((error as RpcError).status).to.equal(RpcStatus.UNAVAILABLE);
      expect(client.get('LMQ', 'a')).to.equal(undefined);
      await nodes.start(0);
    });

    it('brings a name server that has lost its disk everything again', async () => {
      const client = await nodes.client();
      await client.put('LMQ', 'a', '1');
      await client.put('LMQ', 'gone', '1');
      await client.delete('LMQ', 'gone');
      await nodes.stop(0);
      const { kv } = await nodes.start(0);
      await kv.put('LMQ', 'fresh', '1');
      expect(kv.get('LMQ', 'a')).to.equal('1');
      await eventually('the client is back', () => client.get('LMQ', 'fresh') === '1');
      expect(kv.get('LMQ', 'gone')).to.equal(undefined);
    });

    async function findVersion(): Promise<unknown> {
      const client = await nodes.client();
      const entry = [...client.list('LMQ')];
      return { entry, disk: nodes.servers[0]!.kv.get('LMQ', 'a') };
    }
  });

  describe('of several name servers', () => {
    beforeEach(async () => {
      await nodes.add();
      await nodes.add();
    });

    it('writes to all of them', async () => {
      const client = await nodes.client();
      await client.put('LMQ', 'a', '1');
      const { kv } = nodes.servers[1]!;
      await eventually('the second has it', () => kv.get('LMQ', 'a') === '1');
    });

    it('starts with one of them, writes to it, and brings the other up to date', async () => {
      await nodes.servers[1]!.kv.put('LMQ', 'b', 'old');
      await nodes.stop(0);
      const client = await nodes.client();
      await client.put('LMQ', 'a', '1');
      await client.delete('LMQ', 'b');
      const { kv } = await nodes.start(0);
      await eventually('the first has it', () => kv.get('LMQ', 'a') === '1');
    });

    it('does not let what was deleted come back with a name server that was down', async () => {
      const client = await nodes.client();
      await client.put('LMQ', 'a', '1');
      const second = nodes.servers[1]!;
      await eventually('the second has it', () => second.kv.get('LMQ', 'a') === '1');
      await nodes.stop(1);
      await client.delete('LMQ', 'a');
      const { kv } = await nodes.start(1);
      expect(kv.get('LMQ', 'a')).to.equal('1');
      await eventually('the deletion arrives', () => kv.get('LMQ', 'a') === undefined);
      expect(client.get('LMQ', 'a')).to.equal(undefined);
    });

    it('turns to the other when one stops, and tells the differences only', async () => {
      const client = await nodes.client();
      await client.put('LMQ', 'a', '1');
      const { kv } = nodes.servers[1]!;
      await eventually('the second has it', () => kv.get('LMQ', 'a') === '1');
      const changes: KvChange[] = [];
      client.watch('LMQ', (change) => changes.push(change));
      await nodes.stop(0);
      await client.put('LMQ', 'b', '2');
      await nodes.start(0);
      await eventually('both are up', () => client.connections === 2);
      expect(changes).to.deep.equal([{ namespace: 'LMQ', key: 'b', value: '2' }]);
    });

    it('keeps edits apart that meet at a name server which knows less', async () => {
      const client = await nodes.client();
      await nodes.stop(1);
      await client.put('LMQ', 'list', 'a');
      await nodes.start(1);
      await nodes.stop(0);
      await client.edit('LMQ', 'list', append('b'));
      expect(nodes.servers[1]!.kv.get('LMQ', 'list')).to.equal('a,b');
      await nodes.start(0);
    });

    it('registers at all of them and ends that', async () => {
      const client = await nodes.client();
      client.registerGateway(aGateway());
      const registries = nodes.servers.map(({ registry }) => registry.gateways);
      await eventually('registered', () => registries.every((table) => table.list().length === 1));
      await client.unregister();
      expect(registries.map((table) => table.list())).to.deep.equal([[], []]);
    });
  });

  describe('registry', () => {
    beforeEach(async () => {
      await nodes.add({ registry: { renewAfterMs: 50, leaseMs: 250 } });
    });

    it('changes at once when stores come or leave', async () => {
      const [client, store] = [await nodes.client(), await nodes.client()];
      let changes = 0;
      client.onRegistryChanged(() => (changes += 1));
      expect(client.stores().size).to.equal(0);
      store.registerStore(aStore());
      await eventually('it has come', () => client.stores().has('store-1'));
      await eventually('the name server is certain', () => !nodes.servers[0]!.registry.isWarmingUp);
      await store.unregister();
      await eventually('it has left', () => client.stores().size === 0);
      expect(changes).to.be.greaterThan(1);
    });

    it('loses a store that is silent for its lease, and keeps one that renews', async () => {
      const [client, store, quiet] = [
        await nodes.client(),
        await nodes.client(),
        await nodes.client(),
      ];
      store.registerStore(aStore());
      quiet.registerStore(aStore({ name: 'quiet' }));
      await eventually('both have come', () => client.stores().size === 2);
      abandon(quiet);
      await eventually('one is dropped', () => client.stores().size === 1);
      expect([...client.stores().keys()]).to.deep.equal(['store-1']);
    });

    it('keeps a store while the only name server starts anew', async () => {
      const [client, store] = [await nodes.client(), await nodes.client()];
      store.registerStore(aStore());
      await eventually('it has come', () => client.stores().size === 1);
      let isMissing = false;
      client.onRegistryChanged(() => (isMissing ||= client.stores().size === 0));
      await nodes.stop(0);
      await nodes.start(0);
      const { registry } = nodes.servers[0]!;
      await eventually('it is registered again', () => registry.stores.list().length === 1);
      await eventually('the name server is certain', () => !registry.isWarmingUp);
      expect(isMissing).to.equal(false);
    });
  });

  it('does not start without any name server', async () => {
    await nodes.add();
    await nodes.stop(0);
    const error = await failureOf(nodes.client({ startTimeoutMs: 100 }));
    expect((error as RpcError).message).to.contain(nodes.addresses[0]);
    await nodes.start(0);
  });
});

/** As a process that is gone: no renewal, no farewell. */
function abandon(client: NamesrvClient): void {
  Object.assign(client, { unregister: () => Promise.resolve() });
  void client.stop();
}
