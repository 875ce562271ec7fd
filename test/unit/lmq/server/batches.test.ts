import { expect } from 'chai';
import { ErrorCode } from '../../../../src/common/errors.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import {
  recordOrigin,
  recordPayload,
  recordStoreTime,
  recordTopic,
} from '../../../../src/lmq/spi/record.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { RpcStatus } from '../../../../src/rpc/rpc-status.ts';
import { eventually } from '../../../helpers/eventually.ts';
import type { BatchParts, FakeNode } from './fake-node.ts';
import { recordOf, ServerWorld } from './server-world.ts';

const X = { number: 1, name: 'x', directQueue: 0 };

describe('batches of a node', () => {
  let world: ServerWorld;
  let a: FakeNode;
  let b: FakeNode;
  let isFailing: boolean;

  beforeEach(async () => {
    isFailing = false;
    const store = createMemoryStore({
      fault: () => (isFailing ? new Error('disk full') : undefined),
      maxBacklogBytes: 10_000,
    });
    world = new ServerWorld(store, { maxTopicsPerNode: 3, maxFiltersPerNode: 2 });
    await world.core.start();
    a = world.node('a');
    b = world.node('b');
    await a.attach();
  });

  afterEach(async () => {
    await world.core.stop();
    await world.store.stop();
  });

  const open = async (node: FakeNode, name: string): Promise<number> =>
    (await node.request({ openQueue: name })).queue?.id as number;

  it('are stored as they are, with the time of the store and the origin of the node', async () => {
    const { origin } = await b.attach();
    const queue = await open(a, 'tx');
    const record = recordOf('x', 'payload');
    await b.settled(b.batch({ topics: [X], records: [{ topic: 1, record }] }));
    const [stored] = a.arrived.get(queue) ?? [];
    if (stored === undefined) throw new Error('no arrival');
    expect(recordTopic(stored, 0)).to.equal('x');
    expect(recordPayload(stored, 0).toString()).to.equal('payload');
    expect(recordOrigin(stored, 0)).to.equal(origin);
    expect(recordStoreTime(stored, 0)).to.be.greaterThan(1_000_000);
    expect(stored.subarray(0, 14)).to.deep.equal(record.subarray(0, 14));
    expect(stored.subarray(20, 30)).to.deep.equal(record.subarray(20, 30));
    expect(stored.subarray(32)).to.deep.equal(record.subarray(32));
  });

  it('are one commit each, settled together with what they bring, and before it', async () => {
    await open(a, 'tx');
    const records = [1, 2, 3].map((i) => ({ topic: 1, record: recordOf('x', String(i)) }));
    const putState = { space: StateSpace.SESSION, key: 'k', value: Buffer.from('v') };
    await a.settled(a.batch({ topics: [X], records, writes: [{ beforeRecord: 0, putState }] }));
    const frame = a.frames.find(({ arrivals }) => arrivals.length > 0);
    expect(frame?.settled?.sequence).to.equal(1);
    expect(frame?.arrivals.map(({ firstOffset, count }) => [firstOffset, count])).to.deep.equal([
      [0, 3],
    ]);
    expect(world.core.stats).to.include({ batches: 1, records: 3 });
  });

  it('write before the record that they name', async () => {
    const filter = { filter: '+', durable: false };
    const records = ['1', '2', '3'].map((text) => ({ topic: 1, record: recordOf('x', text) }));
    await a.settled(
      a.batch({
        topics: [X],
        records,
        writes: [
          { beforeRecord: 1, acquireFilter: filter },
          { beforeRecord: 2, releaseFilter: filter },
        ],
      }),
    );
    const queue = await open(a, 'f+');
    const { pull } = await a.request({
      pull: { queue, offset: 0, maxMessages: 9, maxBytes: 1_000 },
    });
    expect(pull?.runs.map(({ count }) => count)).to.deep.equal([1]);
    expect(recordPayload(pull?.runs[0]?.records as Buffer, 0).toString()).to.equal('2');
  });

  it('write offsets, states and direct topics', async () => {
    const queue = await open(a, 'pclient');
    await a.settled(
      a.batch({
        topics: [{ number: 2, name: 'other/name', directQueue: queue }],
        records: [{ topic: 2, record: recordOf('other/name', '1') }],
        writes: [{ beforeRecord: 1, commitOffset: { consumer: 'c', queue, offset: 7 } }],
      }),
    );
    expect((await a.request({ loadOffset: { consumer: 'c', queue } })).offset?.offset).to.equal(7);
    expect((a.arrived.get(queue) ?? []).map((bytes) => recordTopic(bytes, 0))).to.deep.equal([
      'other/name',
    ]);
    a.batch({ writes: [{ beforeRecord: 0, deleteOffset: { consumer: 'c', queue } }] });
    expect((await a.request({ loadOffset: { consumer: 'c', queue } })).offset?.offset).to.equal(
      undefined,
    );
  });

  it('are applied once, whatever is sent again, and numbers may be left out', async () => {
    const records = [{ topic: 1, record: recordOf('x', '1') }];
    await a.settled(a.batch({ sequence: 5, topics: [X], records }));
    a.cut();
    await a.attach({ resumes: true });
    a.batch({ sequence: 5, topics: [X], records });
    await a.settled(5);
    a.batch({ sequence: 9, records });
    await a.settled(9);
    expect(world.store.stats.recordsAppended).to.equal(2);
  });

  it('give a claim up when they are durable, also when they are sent again', async () => {
    await b.attach();
    await a.request({ claim: { key: 'sx', onlyIfFree: false } });
    const id = b.ask({ claim: { key: 'sx', onlyIfFree: false } });
    await eventually('a is asked', () => a.revoked.length > 0);
    expect(b.reply(id)).to.equal(undefined);
    await a.settled(a.batch({ writes: [{ beforeRecord: 0, releaseClaim: 'sx' }] }));
    await eventually('b has it', () => b.reply(id)?.claimed === true);
  });

  it('tell others what they change in spaces that these watch, when it is durable', async () => {
    await b.attach();
    await b.request({ watchSpace: StateSpace.RETAINED });
    await a.request({ watchSpace: StateSpace.RETAINED });
    const value = Buffer.from('v');
    await a.settled(
      a.batch({
        writes: [
          { beforeRecord: 0, putState: { space: StateSpace.RETAINED, key: 'k', value } },
          { beforeRecord: 0, putState: { space: StateSpace.SESSION, key: 'k', value } },
          { beforeRecord: 0, deleteState: { space: StateSpace.RETAINED, key: 'l' } },
        ],
      }),
    );
    expect(b.frames.flatMap(({ stateChanges }) => stateChanges)).to.deep.equal([
      { space: StateSpace.RETAINED, key: 'k', value },
      { space: StateSpace.RETAINED, key: 'l', value: undefined },
    ]);
    expect(a.frames.flatMap(({ stateChanges }) => stateChanges)).to.deep.equal([]);
  });

  it('that fail are answered with the error', async () => {
    isFailing = true;
    await a.settled(a.batch({ topics: [X], records: [{ topic: 1, record: recordOf('x', '1') }] }));
    const settled = a.frames.map((frame) => frame.settled).find((one) => one?.sequence === 1);
    expect(settled?.error?.code).to.equal(ErrorCode.STORE_UNAVAILABLE);
  });

  it('wait while the store has more than it can write', async () => {
    const record = recordOf('x', 'x'.repeat(20_000));
    const sequence = a.batch({ topics: [X], records: [{ topic: 1, record }] });
    expect(a.link.isPaused).to.equal(true);
    await a.settled(sequence);
    await eventually('the stream goes on', () => !a.link.isPaused);
  });

  describe('that are malformed end the stream and change nothing:', () => {
    const record = recordOf('x', '1');
    const good = { topic: 1, record };
    const putState = { space: StateSpace.SESSION, key: 'k', value: Buffer.from('v') };
    const cases: Record<string, BatchParts> = {
      'an unknown topic number': { records: [{ topic: 2, record }] },
      'a record that is cut off': { records: [good, { topic: 1, record: record.subarray(1) }] },
      'a record of another version': { records: [{ topic: 1, record: damaged(record, 4) }] },
      'a record whose parts are longer than it': {
        records: [{ topic: 1, record: damaged(record, 26) }],
      },
      'a record of another topic': { records: [{ topic: 1, record: recordOf('xy', '1') }] },
      'a queue that is not open': {
        writes: [{ beforeRecord: 0, commitOffset: { consumer: 'c', queue: 77, offset: 1 } }],
      },
      'a direct topic of a queue that is not open': {
        topics: [{ number: 3, name: 'x', directQueue: 77 }],
      },
      'a space of the server itself': {
        writes: [{ beforeRecord: 0, putState: { ...putState, space: StateSpace.CLAIM } }],
      },
      'no such space': {
        writes: [{ beforeRecord: 0, putState: { ...putState, space: 99 } }],
      },
      'writes out of order': {
        records: [good],
        writes: [
          { beforeRecord: 1, putState },
          { beforeRecord: 0, putState },
        ],
      },
      'a write behind all records': { writes: [{ beforeRecord: 1, putState }] },
      'an unknown write': { writes: [{ beforeRecord: 0 }] },
      'too many topic numbers': {
        topics: [2, 3, 4].map((number) => ({ number, name: `t${String(number)}`, directQueue: 0 })),
      },
      'too many filters': {
        writes: ['a/#', 'b/#', 'c/#'].map((filter) => ({
          beforeRecord: 0,
          acquireFilter: { filter, durable: false },
        })),
      },
    };
    for (const [name, parts] of Object.entries(cases)) {
      it(name, async () => {
        await b.attach();
        await a.settled(a.batch({ topics: [X] }));
        a.batch({ ...parts, writes: [{ beforeRecord: 0, putState }, ...(parts.writes ?? [])] });
        expect(a.link.failure?.status).to.equal(RpcStatus.INVALID_ARGUMENT);
        await world.quiet();
        expect(world.store.stats.recordsAppended).to.equal(0);
        expect(await world.store.getState(StateSpace.SESSION, 'k')).to.equal(undefined);
        expect(world.core.stats).to.include({ attachedNodes: 1, protocolErrors: 1 });
        expect(b.link.isEnded).to.equal(false);
      });
    }
  });
});

function damaged(record: Buffer, at: number): Buffer {
  const copy = Buffer.from(record);
  copy[at] = 0xff;
  return copy;
}
