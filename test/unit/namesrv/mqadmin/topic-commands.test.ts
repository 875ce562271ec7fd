import { expect } from 'chai';
import { systemClock } from '../../../../src/common/clock.ts';
import { runMqadmin } from '../../../../src/namesrv/mqadmin/mqadmin.ts';
import { RemotingClient } from '../../../../src/remoting/remoting-client.ts';
import type { RemotingCommand } from '../../../../src/remoting/remoting-command.ts';
import { aGateway, aStore, NamesrvNodes } from '../namesrv-nodes.ts';
import { FakeStore } from './fake-store.ts';

describe('mqadmin of a cluster', () => {
  let nodes: NamesrvNodes;

  async function mqadmin(...args: string[]): Promise<{ code: number; out: string[]; err: string }> {
    let [stdout, stderr] = ['', ''];
    const code = await runMqadmin(args, {
      defaultNamesrvAddr: nodes.servers.map(({ port }) => `127.0.0.1:${String(port)}`).join(';'),
      stdout: (text) => (stdout += text),
      stderr: (text) => (stderr += text),
      clock: systemClock,
    });
    return { code, out: stdout.trimEnd().split('\n'), err: stderr };
  }

  async function ask(code: number, fields: Record<string, string> = {}): Promise<RemotingCommand> {
    const { port } = nodes.servers[0]!;
    const client = new RemotingClient({ host: '127.0.0.1', port, clock: systemClock });
    try {
      return await client.invoke({ code, extFields: new Map(Object.entries(fields)) });
    } finally {
      await client.close();
    }
  }

  beforeEach(async () => {
    nodes = new NamesrvNodes();
    await nodes.add();
    await nodes.add();
    for (const { registry } of nodes.servers) {
      registry.stores.register(aStore());
      registry.stores.register(aStore({ name: 'store-2', address: '127.0.0.1:9879' }));
      registry.gateways.register(aGateway());
    }
  });

  afterEach(async () => {
    await nodes.end();
  });

  it('clusterList prints stores in the columns of RocketMQ, and gateways', async () => {
    const { code, out } = await mqadmin('clusterList');
    expect(code).to.equal(0);
    expect(out[0]).to.match(/^#Cluster Name +#Broker Name +#BID +#Addr +#Version +#InTPS\(LOAD\)/);
    expect(out[1]).to.match(/^DefaultCluster +store-1 +0 +127\.0\.0\.1:9878 +1\.0\.0 .* true$/);
    expect(out[2]).to.match(/^DefaultCluster +store-2 +0 +127\.0\.0\.1:9879 /);
    expect(out[5]).to.match(/^gateway-1 +1\.0\.0 +127\.0\.0\.1:1883$/);
  });

  it('updateTopic registers on every name server; topicList and topicRoute show it', async () => {
    const { code, out } = await mqadmin('updatetopic', '-c', 'DefaultCluster', '-t', 'sensors');
    expect(code).to.equal(0);
    expect(out[0]).to.equal('create topic to 127.0.0.1:9878 success.');
    for (const { kv } of nodes.servers) {
      expect(kv.get('LMQ', 'ALL_FIRST_TOPICS')).to.equal('sensors');
    }
    expect((await mqadmin('topicList')).out).to.deep.equal(['sensors']);
    const route = JSON.parse((await mqadmin('topicRoute', '-t', 'sensors')).out.join('\n')) as {
      brokerDatas: { brokerName: string }[];
    };
    expect(route.brokerDatas.map(({ brokerName }) => brokerName)).to.deep.equal([
      'store-1',
      'store-2',
    ]);
  });

  it('updateTopic -b pins to stores by name or address, -c takes that back', async () => {
    await mqadmin('updateTopic', '-b', '127.0.0.1:9879', '-t', 'sensors');
    expect(nodes.servers[1]!.kv.get('LMQ_ROUTES', 'sensors')).to.equal('store-2');
    const { out } = await mqadmin('topicRoute', '-l', '-t', 'sensors');
    expect(out).to.have.length(2);
    expect(out[1]).to.match(/^DefaultCluster +store-2 +127\.0\.0\.1:9879 +1 +1 +6$/);
    await mqadmin('updateTopic', '-c', 'DefaultCluster', '-t', 'sensors');
    expect(nodes.servers[1]!.kv.get('LMQ_ROUTES', 'sensors')).to.equal(undefined);
  });

  it('deleteTopic forgets the level, its wildcards and its route, everywhere', async () => {
    await mqadmin('updateTopic', '-b', 'store-1', '-t', 'sensors');
    for (const { kv } of nodes.servers) await kv.put('LMQ', 'sensors', 'sensors/#');
    const { out } = await mqadmin('deleteTopic', '-c', 'DefaultCluster', '-t', 'sensors');
    expect(out[1]).to.equal('delete topic [sensors] from NameServer success.');
    for (const { kv } of nodes.servers) {
      expect(kv.list('LMQ').size + kv.list('LMQ_ROUTES').size).to.equal(0);
    }
  });

  for (const [what, args, message] of [
    ['an unknown cluster', ['updateTopic', '-c', 'x', '-t', 't'], 'clusterName exists'],
    ['an unknown store', ['updateTopic', '-b', 'x', '-t', 't'], 'no store "x"'],
    ['a permission', ['updateTopic', '-c', 'DefaultCluster', '-t', 't', '-p', '4'], 'perm 4'],
    ['neither -b nor -c', ['updateTopic', '-t', 't'], 'either -c'],
    ['a topic of two levels', ['updateTopic', '-c', 'DefaultCluster', '-t', 'a/b'], '"a/b"'],
    ['a wildcard', ['deleteTopic', '-c', 'DefaultCluster', '-t', '#'], '"#"'],
    [
      'a key that is no topic',
      ['updateTopic', '-b', 'store-1', '-t', 'LMQ_CONNECT_NODES'],
      'no first',
    ],
    ['a topic without route', ['topicRoute', '-t', 'unknown'], 'no route'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const { code, err } = await mqadmin(...args);
      expect(code).to.equal(1);
      expect(err).to.contain(message);
    });
  }

  describe('requests of the Java tool', () => {
    it('106 names the name server as the address of every broker', async () => {
      const body = (await ask(106)).body!.toString();
      const info = JSON.parse(body) as {
        brokerAddrTable: Record<string, { brokerAddrs: Record<string, string> }>;
        clusterAddrTable: Record<string, string[]>;
      };
      const own = `127.0.0.1:${String(nodes.servers[0]!.port)}`;
      expect(info.brokerAddrTable['store-1']!.brokerAddrs).to.deep.equal({ '0': own });
      expect(info.clusterAddrTable).to.deep.equal({ DefaultCluster: ['store-1', 'store-2'] });
    });

    it('17 as it sends it makes a topic, and leaves the route alone', async () => {
      await nodes.servers[0]!.kv.put('LMQ_ROUTES', 'sensors', 'store-1');
      const answer = await ask(17, {
        topic: 'sensors',
        defaultTopic: 'TBW102',
        readQueueNums: '8',
        writeQueueNums: '8',
        perm: '6',
        topicFilterType: 'SINGLE_TAG',
        topicSysFlag: '0',
        order: 'false',
        attributes: '',
      });
      expect(answer.code).to.equal(0);
      expect(nodes.servers[0]!.kv.get('LMQ_ROUTES', 'sensors')).to.equal('store-1');
      expect((await ask(17, { topic: 'a/b' })).code).to.equal(29);
    });

    it('17 with a permission that would not be kept is refused (updateTopicPerm)', async () => {
      for (const perm of ['4', '2', '0', 'x']) {
        const answer = await ask(17, { topic: 'sensors', perm, readQueueNums: '1' });
        expect(answer.code, perm).to.equal(29);
        expect(answer.remark).to.include(`perm ${perm}: a topic has no permissions here`);
      }
      expect(nodes.servers[0]!.kv.get('LMQ', 'ALL_FIRST_TOPICS')).to.equal(undefined);
    });

    it('28, 206 and 215 are answered, 105 with 17 for an unknown topic', async () => {
      const runtime = JSON.parse((await ask(28)).body!.toString()) as { table: object };
      expect(runtime.table).to.include({ brokerVersionDesc: '1.0.0', brokerActive: 'true' });
      // 4.9.8 reads the second spelling, unchecked.
      expect(runtime.table).to.include({ getTransferredTps: '0.0 0.0 0.0' });
      expect(runtime.table).to.include({ getTransferedTps: '0.0 0.0 0.0' });
      expect(runtime.table).not.to.have.property('earliestMessageTimeStamp');
      expect((await ask(206)).body!.toString()).to.equal('{"topicList":[]}');
      expect((await ask(215, { topic: 'x' })).code).to.equal(0);
      expect(await ask(105, { topic: 'x' })).to.deep.include({ code: 17 });
    });
  });

  describe('consumerProgress', () => {
    let store: FakeStore;

    beforeEach(async () => {
      store = new FakeStore();
      store.progress.set('c1', [
        { queue: 'tsensors/1', minOffset: 0, maxOffset: 10, consumerOffset: 7 },
      ]);
      const address = await store.start();
      for (const { registry } of nodes.servers) {
        registry.stores.unregister('store-2', 1);
        registry.stores.register(aStore({ address, epoch: 2 }));
      }
    });

    afterEach(async () => {
      await store.rpc.stop();
    });

    it('prints the queues of a session in the columns of RocketMQ', async () => {
      const { code, out } = await mqadmin('consumerProgress', '-g', 'c1');
      expect(code).to.equal(0);
      expect(out[0]).to.match(
        /^#Topic +#Broker Name +#QID +#Broker Offset +#Consumer Offset +#Diff/,
      );
      expect(out[1]).to.match(/^sensors\/1 +store-1 +0 +10 +7 +3 /);
      expect(out.at(-1)).to.equal('Consume Diff Total: 3');
    });

    it('fails for a session without offsets, and names a store that does not answer', async () => {
      expect((await mqadmin('consumerProgress', '-g', 'c2')).err).to.contain('"c2" has no offset');
      await store.rpc.stop();
      expect((await mqadmin('consumerProgress', '-g', 'c1')).err).to.match(/^store store-1: /);
    });
  });
});
