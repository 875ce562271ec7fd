import { expect } from 'chai';
import { silentLogger } from '../../../../src/common/logger.ts';
import { TopicMetadata } from '../../../../src/gateway/routing/topic-metadata.ts';
import {
  ALL_FIRST_TOPICS,
  LMQ_AUTOMATIC_NAMESPACE,
  LMQ_CONNECT_NODES,
  LMQ_NAMESPACE,
} from '../../../../src/namesrv/types.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { NamesrvNodes } from '../../namesrv/namesrv-nodes.ts';
import { FakeFilters } from './topic-metadata-fixtures.ts';

/** Gateways of one cluster: one KV config by way of the name servers, one store. */
describe('TopicMetadata of several gateways', () => {
  let nodes: NamesrvNodes;
  let filters: FakeFilters;
  const gateways: TopicMetadata[] = [];

  async function gateway(): Promise<TopicMetadata> {
    const metadata = new TopicMetadata({
      kv: await nodes.client(),
      filters,
      autoCreateTopic: true,
      autoCreateWildcard: true,
      shared: true,
      writeDelayMs: 0,
      logger: silentLogger,
    });
    await metadata.start();
    gateways.push(metadata);
    return metadata;
  }

  const list = (key: string): string[] =>
    (nodes.servers[0]!.kv.get(LMQ_NAMESPACE, key) ?? '').split(',').sort();

  beforeEach(async () => {
    filters = new FakeFilters();
    nodes = new NamesrvNodes();
    await nodes.add();
  });

  afterEach(async () => {
    for (const metadata of gateways.splice(0)) await metadata.stop();
    await nodes.end();
  });

  it('loses no first level that two register at once', async () => {
    const [a, b] = [await gateway(), await gateway()];
    for (let index = 0; index < 20; index++) {
      a.isPublishable(`a${String(index)}/x`);
      b.isPublishable(`b${String(index)}/x`);
    }
    await eventually('all of them', () => list(ALL_FIRST_TOPICS).length === 40);
  });

  it('has every node in LMQ_CONNECT_NODES, once, though they come and go at once', async () => {
    const [a, b, c] = [await gateway(), await gateway(), await gateway()];
    await Promise.all([a.registerNode('a:1'), b.registerNode('b:1'), c.registerNode('c:1')]);
    await a.registerNode('a:1');
    expect(list(LMQ_CONNECT_NODES)).to.deep.equal(['a:1', 'b:1', 'c:1']);
    await Promise.all([a.unregisterNode('a:1'), b.unregisterNode('b:1')]);
    expect(list(LMQ_CONNECT_NODES)).to.deep.equal(['c:1']);
  });

  it('puts its node back when somebody has written a list without it', async () => {
    const a = await gateway();
    await a.registerNode('a:1');
    await nodes.servers[0]!.kv.put(LMQ_NAMESPACE, LMQ_CONNECT_NODES, 'other:1');
    await eventually('both', () => list(LMQ_CONNECT_NODES).join() === 'a:1,other:1');
  });

  it('leaves an automatic wildcard registered that another gateway still uses', async () => {
    const [a, b] = [await gateway(), await gateway()];
    for (const metadata of [a, b]) {
      expect(metadata.subscribable('t/+')).to.equal('OK');
      await metadata.acquire('t/+', true);
    }
    a.release('t/+', true);
    expect(filters.listFilters()).to.deep.equal([{ filter: 't/+', pinned: false, uses: 1 }]);
    expect(b.subscribable('t/+')).to.equal('OK');
    b.release('t/+', true);
    expect(filters.listFilters()).to.deep.equal([]);
  });

  it('writes no automatic wildcard, so the lists hold what operators wrote', async () => {
    const [a, b] = [await gateway(), await gateway()];
    await nodes.servers[0]!.kv.put(LMQ_NAMESPACE, 't', 't/#');
    await eventually('pinned', () => filters.pinned.length === 1);
    await a.acquire('t/+', true);
    await b.acquire('t/#', true);
    await a.stop();
    await b.stop();
    expect(list('t')).to.deep.equal(['t/#']);
    expect([...nodes.servers[0]!.kv.list(LMQ_AUTOMATIC_NAMESPACE)]).to.deep.equal([]);
    a.release('t/+', true);
    b.release('t/#', true);
    expect(filters.pinned).to.deep.equal(['t/#']);
  });

  it('removes the automatic wildcards that a standalone server has left in the lists', async () => {
    const { kv } = nodes.servers[0]!;
    await kv.put(LMQ_AUTOMATIC_NAMESPACE, 't', 't/+');
    await kv.put(LMQ_NAMESPACE, 't', 't/+,t/#');
    await gateway();
    await eventually('removed', () => list('t').join() === 't/#');
    expect(filters.pinned).to.deep.equal(['t/#']);
    expect([...kv.list(LMQ_AUTOMATIC_NAMESPACE)]).to.deep.equal([]);
  });

  it('tries again what no name server took', async function () {
    this.timeout(30_000);
    const client = await nodes.client({ writeTimeoutMs: 50 });
    const metadata = new TopicMetadata({
      kv: client,
      filters,
      autoCreateTopic: true,
      autoCreateWildcard: true,
      shared: true,
      writeDelayMs: 0,
      logger: silentLogger,
    });
    await metadata.start();
    gateways.push(metadata);
    await nodes.stop(0);
    await eventually('the loss is noticed', () => client.connections === 0);
    expect(metadata.isPublishable('new/x')).to.equal(true);
    await nodes.start(0);
    await eventually('written', () => list(ALL_FIRST_TOPICS).join() === 'new', 15_000);
  });
});
