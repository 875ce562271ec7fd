import { expect } from 'chai';
import sinon from 'sinon';
import { ErrorCode } from '../../../../src/common/errors.ts';
import { MemoryQueue } from '../../../../src/lmq/memory/memory-queue.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { RpcStatus } from '../../../../src/rpc/rpc-status.ts';
import { eventually } from '../../../helpers/eventually.ts';
import type { FakeNode } from './fake-node.ts';
import { LEASE_MS, recordOf, ServerWorld } from './server-world.ts';

const X = { number: 1, name: 'x', directQueue: 0 };

describe('requests of a node', () => {
  let world: ServerWorld;
  let a: FakeNode;

  beforeEach(async () => {
    const limits = { maxQueuesPerNode: 3, maxRequestsPerNode: 5, maxClaimsPerNode: 2 };
    world = new ServerWorld(createMemoryStore(), limits);
    await world.core.start();
    a = world.node('a');
    await a.attach();
  });

  afterEach(async () => {
    await world.core.stop();
    await world.store.stop();
  });

  const publish = async (...texts: string[]): Promise<void> => {
    const records = texts.map((text) => ({ topic: 1, record: recordOf('x', text) }));
    await a.settled(a.batch({ topics: [X], records }));
  };

  it('open a queue once, however often, and tell its bounds anew', async () => {
    const first = await a.request({ openQueue: 'tx' });
    expect(first.queue).to.include({ name: 'tx', minOffset: 0, maxOffset: 0 });
    await publish('1');
    expect((await a.request({ openQueue: 'tx' })).queue).to.include({ maxOffset: 1 });
    expect(world.core.stats.openQueues).to.equal(1);
    expect(world.store.stats.openQueues).to.equal(1);
    a.send({ requests: [{ id: 0, closeQueue: first.queue?.id }] });
    expect(world.store.stats.openQueues).to.equal(0);
  });

  it('open a queue and tell the offset of a consumer with it, when one is named', async () => {
    const plain = await a.request({ openQueue: 'tx' });
    expect(plain.consumerOffset ?? undefined).to.equal(undefined);
    const none = await a.request({ openQueue: 'tx', consumer: 'c' });
    expect(none.queue).to.include({ name: 'tx' });
    expect(none.consumerOffset).to.deep.equal({ offset: undefined });
    await publish('1', '2');
    const id = none.queue?.id as number;
    const write = { beforeRecord: 0, commitOffset: { consumer: 'c', queue: id, offset: 1 } };
    await a.settled(a.batch({ writes: [write] }));
    const some = await a.request({ openQueue: 'tx', consumer: 'c' });
    expect(some.queue).to.include({ maxOffset: 2 });
    expect(some.consumerOffset).to.deep.equal({ offset: 1 });
  });

  it('find a limit in the number of open queues, claims and requests', async () => {
    for (const name of ['t1', 't2', 't3']) await a.request({ openQueue: name });
    expect((await a.request({ openQueue: 't4' })).error?.code).to.equal(ErrorCode.STORE_LIMIT);
    for (const key of ['s1', 's2']) await a.request({ claim: { key, onlyIfFree: false } });
    const third = await a.request({ claim: { key: 's3', onlyIfFree: false } });
    expect(third.error?.code).to.equal(ErrorCode.STORE_LIMIT);
    const asked = Array.from({ length: 6 }, (_, i) =>
      a.ask({ getState: { space: StateSpace.SESSION, key: String(i) } }),
    );
    await world.quiet();
    expect(asked.map((id) => a.reply(id)?.error?.code)).to.deep.equal([
      ...Array<undefined>(5).fill(undefined),
      ErrorCode.STORE_LIMIT,
    ]);
  });

  it('pull from an offset on within the limits, one record at least', async () => {
    await publish('1', '2', '3', '4');
    const queue = (await a.request({ openQueue: 'tx' })).queue?.id as number;
    const size = recordOf('x', '1').length;
    const pulled = async (offset: number, maxMessages: number, maxBytes: number) => {
      const { pull } = await a.request({ pull: { queue, offset, maxMessages, maxBytes } });
      return [
        pull?.status,
        pull?.nextOffset,
        pull?.runs.map((run) => [run.firstOffset, run.count]),
      ];
    };
    expect(await pulled(1, 2, 10_000)).to.deep.equal(['FOUND', 3, [[1, 2]]]);
    expect(await pulled(2, 0, 0)).to.deep.equal(['FOUND', 3, [[2, 1]]]);
    expect(await pulled(0, 9, size + 1)).to.deep.equal(['FOUND', 2, [[0, 2]]]);
    expect(await pulled(4, 9, 10_000)).to.deep.equal(['NO_NEW_MSG', 4, []]);
    expect(await pulled(7, 9, 10_000)).to.deep.equal(['OFFSET_OVERFLOW', 4, []]);
  });

  it('pull nothing while more is on its way than there should be', async () => {
    await publish('1');
    const queue = (await a.request({ openQueue: 'tx' })).queue?.id as number;
    a.link.isCongested = true;
    const id = a.ask({ pull: { queue, offset: 0, maxMessages: 1, maxBytes: 100 } });
    await world.quiet();
    expect(a.reply(id)).to.equal(undefined);
    a.drained();
    await eventually('the reply', () => a.reply(id)?.pull !== undefined);
  });

  it('are answered with an error when the queue is not open', async () => {
    const pull = { queue: 99, offset: 0, maxMessages: 1, maxBytes: 1 };
    expect((await a.request({ pull })).error?.message).to.include('99');
  });

  it('see what the node has written before, durable or not', async () => {
    const putState = { space: StateSpace.SESSION, key: 'k', value: Buffer.from('v') };
    a.batch({ writes: [{ beforeRecord: 0, putState }] });
    const state = a.ask({ getState: { space: StateSpace.SESSION, key: 'k' } });
    const scan = a.ask({ scanState: { ...SCAN, space: StateSpace.SESSION } });
    await world.quiet();
    expect(a.reply(state)?.state?.value?.toString()).to.equal('v');
    expect(a.reply(scan)?.scan?.entries.map(({ key }) => key)).to.deep.equal(['k']);
  });

  it('scan a space in pages', async () => {
    for (const key of ['', 'a', 'b', 'c']) {
      world.store.putState(StateSpace.RETAINED, key, Buffer.from(key));
    }
    const page = async (fields: object): Promise<unknown> => {
      const { scan } = await a.request({ scanState: { ...SCAN, ...fields } });
      return [scan?.entries.map(({ key }) => key), scan?.more];
    };
    expect(await page({ limit: 2 })).to.deep.equal([['', 'a'], true]);
    expect(await page({ limit: 2, fromStart: false, after: 'a' })).to.deep.equal([
      ['b', 'c'],
      false,
    ]);
    expect(await page({ fromStart: false, after: '' })).to.deep.equal([['a', 'b', 'c'], false]);
    expect(await page({ fromStart: false, after: 'c' })).to.deep.equal([[], false]);
  });

  it('list the filters', async () => {
    world.store.pinFilter('a/#');
    const { filters } = await a.request({ listFilters: {} });
    expect(filters?.filters).to.deep.equal([{ filter: 'a/#', pinned: true, uses: 0 }]);
  });

  it('of an empty frame are answered with the figures of the store', async () => {
    await publish('1', '2');
    a.beat();
    await eventually('figures', () => a.frames.some(({ figures }) => figures !== undefined));
    const figures = a.frames.map((frame) => frame.figures).find((one) => one !== undefined);
    expect(figures).to.include({ recordsStored: 2, recordsExpired: 0 });
  });

  it('of an empty frame are answered with the queues that begin later, which is found after records have gone', async () => {
    await publish('1', '2', '3');
    await a.request({ openQueue: 'tx' });
    const queue = MemoryQueue.of(await world.store.openQueue(topicQueueName('x')));
    const figures = { ...world.store.stats, recordsExpired: 2 };
    sinon.stub(world.store, 'stats').get(() => figures);
    const told = async (): Promise<(number | undefined)[]> => {
      const known = a.frames.length;
      a.beat();
      await world.quiet();
      const frames = a.frames.slice(known);
      expect(frames.map((frame) => frame.figures?.recordsExpired)).to.include(2);
      return frames.flatMap(({ moved }) => moved.map(({ minOffset }) => minOffset));
    };
    expect(await told()).to.deep.equal([]);
    queue.minOffset = 2;
    figures.minimaMoved++;
    expect(await told()).to.deep.equal([2]);
    expect(await told()).to.deep.equal([]);
  });

  it('that the protocol does not know end the stream', () => {
    a.ask({});
    expect(a.link.failure?.status).to.equal(RpcStatus.INVALID_ARGUMENT);
  });

  it('that are not answered when the stream ends never are', async () => {
    const b = world.node('b');
    await b.attach();
    await b.request({ claim: { key: 'sx', onlyIfFree: false } });
    const id = a.ask({ claim: { key: 'sx', onlyIfFree: false } });
    a.cut();
    await a.attach({ resumes: true });
    await b.settled(b.batch({ writes: [{ beforeRecord: 0, releaseClaim: 'sx' }] }));
    await world.quiet();
    expect(a.reply(id)).to.equal(undefined);
    expect(world.core.stats.claims).to.equal(0);
  });
});

describe('orphans', () => {
  it('are handed out in parts, and go to another node when the first one is lost', async () => {
    const world = new ServerWorld(createMemoryStore());
    await world.core.start();
    const [dead, a, b] = [world.node('dead'), world.node('a'), world.node('b')];
    await dead.attach();
    const keys = Array.from({ length: 300 }, (_, i) => `s${String(i)}`);
    await Promise.all(keys.map((key) => dead.request({ claim: { key, onlyIfFree: false } })));
    await dead.request({ claim: { key: 'dduty', onlyIfFree: false } });
    await a.attach();
    await b.attach();
    world.pass(LEASE_MS + 100, a, b);
    await eventually('orphans', () => a.orphans.length > 0);
    expect(a.orphans.length).to.equal(256);
    expect(b.orphans.length).to.equal(0);
    // one of them has a client again, at b
    expect((await b.request({ claim: { key: 's7', onlyIfFree: false } })).claimed).to.equal(true);
    a.cut();
    await eventually('orphans', () => b.orphans.length > 0);
    expect(b.orphans).to.not.include('s7');
    await b.request({ orphansDone: {} });
    await b.request({ orphansDone: {} });
    await world.quiet();
    expect(new Set([...b.orphans, 's7'])).to.deep.equal(new Set(keys));
    expect(world.core.stats.orphans).to.equal(0);
    const left: string[] = [];
    for await (const { key } of world.store.scanState(StateSpace.CLAIM)) left.push(key);
    expect(left).to.deep.equal(['s7']);
    await world.core.stop();
    await world.store.stop();
  });
});

const SCAN = { space: StateSpace.RETAINED, after: '', fromStart: true, limit: 100 };
