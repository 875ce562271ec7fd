import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { payloads, publish, turn } from '../../../conformance/lmq-store/harness.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { TcpProxy } from '../../../helpers/tcp-proxy.ts';
import { RemoteWorld } from './remote-world.ts';

/** Nothing passes, and nobody is told; of the connections that there are now not even later. */
function hold(proxy: TcpProxy): void {
  proxy.quality = { isBlackHole: true };
  proxy.freeze();
}

describe('a remote store over gRPC', function () {
  this.timeout(30_000);
  let memory: LmqStore;
  let world: RemoteWorld;
  let proxy: TcpProxy;
  beforeEach(async () => {
    memory = createMemoryStore();
    world = new RemoteWorld(undefined, 3_000);
    await world.serve(memory);
    proxy = await TcpProxy.start({ host: '127.0.0.1', port: world.server.port });
    world.address = proxy.address;
  });
  afterEach(async () => {
    await proxy.stop();
    await world.dispose();
    await memory.stop();
  });

  it('whose connection is cut while it publishes loses nothing and stores nothing twice', async () => {
    const store = await world.attach({ reconnectMinMs: 5, reconnectMaxMs: 20 });
    const failed: Error[] = [];
    store.onCommit((_commit, error) => {
      if (error !== undefined) failed.push(error);
    });
    const expected: string[] = [];
    let commit = 0;
    for (let cut = 0; cut < 12; cut++) {
      const until = performance.now() + 40 + cut * 7;
      while (performance.now() < until) {
        for (let i = 0; i < 20; i++) {
          expected.push(String(expected.length));
          commit = publish(store, 't', expected.at(-1) ?? '');
        }
        await turn();
        if (expected.length % 400 === 0) await sleep(1);
      }
      proxy.cut('RST');
    }
    await store.committed(commit);
    expect(failed).to.deep.equal([]);
    expect(proxy.accepted).to.be.above(3);
    expect(await payloads(store, topicQueueName('t'))).to.deep.equal(expected);
  });

  it('that hears nothing any more comes back on another connection', async () => {
    const store = await world.attach({ requestTimeoutMs: 20_000 });
    hold(proxy);
    const commit = publish(store, 't', 'x');
    const state = store.getState(StateSpace.SESSION, 'k');
    await sleep(300);
    proxy.quality = {};
    await store.committed(commit);
    expect(await state).to.equal(undefined);
    expect(proxy.accepted).to.be.above(1);
  });

  it('that was away for longer than its lease is told so, and nothing of it is taken', async () => {
    const store = await world.attach({ leaseMs: 1_000 });
    await store.claim('sme');
    const reasons: string[] = [];
    store.onFenced((reason) => reasons.push(reason));
    hold(proxy);
    const commit = store.putState(StateSpace.SESSION, 'k', Buffer.from('late'));
    world.address = '127.0.0.1:1';
    await sleep(2_500);
    proxy.quality = {};
    world.address = proxy.address;
    await eventually('the node to be fenced', () => reasons.length === 1, 10_000);
    let error: unknown;
    await store.committed(commit).catch((thrown: unknown) => (error = thrown));
    expect(error).to.be.instanceOf(Error);
    const other = await world.attach();
    await other.claim('sme');
    expect(await other.getState(StateSpace.SESSION, 'k')).to.equal(undefined);
  });
});
