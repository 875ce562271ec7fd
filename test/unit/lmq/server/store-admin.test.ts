import { expect } from 'chai';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { filterQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { RpcError, RpcStatus } from '../../../../src/rpc/rpc-status.ts';
import type { KeptFilter, StoreAdminClient } from '../../../../src/rpc/store-admin-client.ts';
import { payloads, put, rejection } from '../../../conformance/lmq-store/harness.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { RemoteWorld } from '../remote/remote-world.ts';

function kept(filter: string, durableUses: number, pinned = false): KeptFilter {
  return { filter, pinned, durableUses };
}

describe('StoreAdmin', () => {
  let store: LmqStore;
  let world: RemoteWorld;
  let admin: StoreAdminClient;

  beforeEach(async () => {
    store = createMemoryStore();
    world = new RemoteWorld(() => Date.now(), 2_000);
    await world.serve(store);
    admin = world.admin();
  });

  afterEach(async () => {
    await world.dispose();
    await store.stop();
  });

  it('lists the gateways that are living, attached or not, and what is stored', async () => {
    const node = await world.attach({
      nodeName: 'first',
      generation: () => 7,
      activeGeneration: () => 6,
    });
    await world.attach({ nodeName: 'second' });
    await put(node, 't', '1', '2');
    const { nodes, requiredGeneration, recordsStored, storeId } = await admin.getNodes();
    expect(nodes).to.have.deep.members([
      {
        nodeId: node.nodeId,
        nodeName: 'first',
        generation: 7,
        activeGeneration: 6,
        isAttached: true,
      },
      {
        ...nodes.find(({ nodeName }) => nodeName === 'second'),
        generation: 0,
        activeGeneration: 0,
        isAttached: true,
      },
    ]);
    expect([requiredGeneration, recordsStored, storeId !== '']).to.deep.equal([0, 2, true]);
    await node.stop();
    await eventually('the first to go', async () => (await admin.getNodes()).nodes.length === 1);
  });

  it('lists filters by their durable uses and pins alone', async () => {
    const [one, other] = [await world.attach(), await world.attach()];
    for (let i = 0; i < 3; i++) await one.acquireFilter('both/#', true);
    await one.acquireFilter('both/#', false);
    await other.acquireFilter('both/#', false);
    await other.acquireFilter('passing/#', false);
    await one.committed(one.pinFilter('pinned/#'));
    await other.acquireFilter('pinned/#', false);
    expect(await admin.listFilters()).to.have.deep.members([
      kept('both/#', 3),
      kept('pinned/#', 0, true),
    ]);
  });

  it('lists any number of them', async () => {
    const node = await world.attach();
    for (let i = 0; i < 5_000; i++) node.pinFilter(`a/${String(i)}/#`);
    await node.committed(node.openCommit);
    const listed = await admin.listFilters();
    expect(new Set(listed.map(({ filter }) => filter)).size).to.equal(5_000);
  });

  it('imports filters: the greater number of uses counts, and the same again changes nothing', async () => {
    const node = await world.attach();
    for (let i = 0; i < 4; i++) await node.acquireFilter('more/#', true);
    await node.acquireFilter('less/#', true);
    await node.acquireFilter('less/#', false);
    const filters = [kept('more/#', 2), kept('less/#', 3), kept('new/+', 1, true)];
    for (let i = 0; i < 2; i++) {
      await admin.importFilters(filters);
      expect(await admin.listFilters()).to.have.deep.members([
        kept('more/#', 4),
        kept('less/#', 3),
        kept('new/+', 1, true),
      ]);
    }
    await put(node, 'new/1', 'x');
    expect(await payloads(store, filterQueueName('new/+'))).to.deep.equal(['x']);
    store.unpinFilter('new/+');
    await store.committed(store.releaseFilter('new/+', true));
    expect((await admin.listFilters()).map(({ filter }) => filter)).not.to.include('new/+');
  });

  it('imports many filters, and many uses of one', async () => {
    const filters = Array.from({ length: 2_500 }, (_, i) => kept(`a/${String(i)}/#`, 1 + (i % 3)));
    filters.push(kept('many/#', 25_000));
    await admin.importFilters(filters);
    expect(await admin.listFilters()).to.have.deep.members(filters);
  });

  it('imports nothing of what holds something else', async () => {
    for (const filter of ['no/wildcard', 'not#valid', '']) {
      const error = await rejection(admin.importFilters([kept('a/#', 1), kept(filter, 1)]));
      expect(error).to.be.instanceOf(RpcError);
      expect((error as RpcError).status).to.equal(RpcStatus.INVALID_ARGUMENT);
    }
    const error = await rejection(admin.importFilters([kept('a/#', 4_000_000_000)]));
    expect((error as RpcError).status).to.equal(RpcStatus.INVALID_ARGUMENT);
    expect(await admin.listFilters()).to.deep.equal([]);
  });

  it('says that the store is not there', async () => {
    await world.server.stop();
    const error = await rejection(admin.listFilters());
    expect((error as RpcError).status).to.equal(RpcStatus.UNAVAILABLE);
  });
});
