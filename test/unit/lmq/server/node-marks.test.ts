import { expect } from 'chai';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { MARK_BYTES, MAX_BEHIND_BYTES, NodeMarks } from '../../../../src/lmq/server/node-marks.ts';
import { NodeProtocolError } from '../../../../src/lmq/server/node-protocol-error.ts';
import { recordPayload } from '../../../../src/lmq/spi/record.ts';
import { RpcStatus } from '../../../../src/rpc/rpc-status.ts';
import type { FakeNode } from './fake-node.ts';
import { recordOf, ServerWorld } from './server-world.ts';

describe('NodeMarks', () => {
  it('give a mark for as many bytes, which the node has before it until it says that mark', () => {
    const marks = new NodeMarks();
    marks.handled(0);
    expect(marks.add(MARK_BYTES - 1)).to.equal(undefined);
    expect(marks.add(1)).to.equal(MARK_BYTES);
    expect(marks.add(MAX_BEHIND_BYTES - MARK_BYTES)).to.equal(MAX_BEHIND_BYTES);
    expect(marks.isBehind).to.equal(false);
    expect(marks.add(1)).to.equal(undefined);
    expect(marks.isBehind).to.equal(true);
    // Still more than half before it.
    expect(marks.handled(MARK_BYTES)).to.equal(false);
    expect(marks.isBehind).to.equal(true);
    expect(marks.handled(MAX_BEHIND_BYTES)).to.equal(true);
    expect(marks.isBehind).to.equal(false);
    expect(marks.handled(MAX_BEHIND_BYTES)).to.equal(false);
  });

  it('do not hold against a node what it does not know', () => {
    const marks = new NodeMarks();
    for (let i = 0; i < 20; i++) marks.add(MAX_BEHIND_BYTES);
    expect(marks.isBehind).to.equal(false);
  });

  it('refuse one that was not given', () => {
    const marks = new NodeMarks();
    marks.add(MARK_BYTES - 1);
    expect(() => marks.handled(1)).to.throw(NodeProtocolError);
  });
});

const RECORD_BYTES = 100_000;
/** As many as lie in one frame for two queues. */
const AT_ONCE = 4;
/** So many commits of these are more than a node that has both queues may have before it. */
const COMMITS = Math.ceil(MAX_BEHIND_BYTES / RECORD_BYTES / AT_ONCE);
const [WIDE, ALSO, LONE] = [1, 2, 3];
const TOPICS = ['x/1', 'x/2', 'y'].map((name, i) => ({ number: i + 1, name, directQueue: 0 }));

describe('records for many queues of a node', () => {
  let world: ServerWorld;
  let publisher: FakeNode;
  let a: FakeNode;
  let wide: number;
  let all: number;
  let lone: number;

  beforeEach(async () => {
    world = new ServerWorld(createMemoryStore());
    await world.core.start();
    publisher = world.node('publisher');
    a = world.node('a');
    await publisher.attach();
    await a.attach();
    await publisher.settled(publisher.batch({ topics: TOPICS }));
    const acquireFilter = { filter: 'x/+', durable: false };
    await a.settled(a.batch({ writes: [{ beforeRecord: 0, acquireFilter }] }));
    [wide, all, lone] = [await open('tx/1'), await open('fx/+'), await open('ty')];
  });

  afterEach(async () => {
    await world.core.stop();
    await world.store.stop();
  });

  const open = async (name: string): Promise<number> =>
    (await a.request({ openQueue: name })).queue?.id as number;

  async function publish(topic: number, text: string, count = 1): Promise<void> {
    const record = recordOf(TOPICS[topic - 1]?.name ?? '', text);
    const records = Array.from({ length: count }, () => ({ topic, record }));
    await publisher.settled(publisher.batch({ records }));
    await world.quiet();
  }

  /** By default more than the node may have before it. */
  async function publishMuch(commits = COMMITS): Promise<void> {
    for (let i = 0; i < commits; i++) await publish(WIDE, '.'.repeat(RECORD_BYTES), AT_ONCE);
  }

  const received = (queue: number): string[] =>
    (a.arrived.get(queue) ?? []).map((record) => recordPayload(record, 0).toString().slice(0, 9));

  /** What a queue has been told that it has got, with records or without. */
  const told = (queue: number): number =>
    a.frames
      .flatMap(({ arrivals }) => arrivals)
      .filter((arrival) => arrival.queue === queue)
      .reduce((sum, { firstOffset, count }) => {
        expect(firstOffset).to.equal(sum);
        return sum + count;
      }, 0);

  const lastMark = (): number => a.frames.findLast(({ mark }) => mark !== undefined)?.mark ?? -1;

  it('come without them once it has too many before it; those for one queue do not wait', async () => {
    a.send({ mark: 0 });
    await publishMuch();
    const before = told(wide);
    expect(before).to.equal(COMMITS * AT_ONCE);
    await publish(WIDE, 'late', 3);
    await publish(LONE, 'lone');
    expect(told(wide)).to.equal(before);
    expect(told(all)).to.equal(before);
    expect(received(lone)).to.deep.equal(['lone']);
    // Its queue waits: nothing overtakes what is before it there.
    await publish(ALSO, 'also');
    expect(told(all)).to.equal(before);
    a.send({ mark: lastMark() });
    await world.quiet();
    expect([told(wide), told(all)]).to.deep.equal([before + 3, before + 4]);
    expect(received(wide)).not.to.include('late');
    expect(world.core.stats.arrivalsBehind).to.equal(2);
    await publish(WIDE, 'again');
    expect([received(wide).at(-1), received(all).at(-1)]).to.deep.equal(['again', 'again']);
  });

  it('come with them to a node that says what it has handled', async () => {
    a.send({ mark: 0 });
    for (let i = 0; i < 4; i++) {
      await publishMuch(COMMITS / 2);
      a.send({ mark: lastMark() });
    }
    expect(told(wide)).to.be.greaterThan(COMMITS * AT_ONCE);
    expect(received(wide)).to.have.length(told(wide));
    expect(world.core.stats.arrivalsBehind).to.equal(0);
  });

  it('come with them to a node that does not know of marks', async () => {
    for (let i = 0; i < 3; i++) await publishMuch();
    expect(received(wide)).to.have.length(told(wide));
    expect(world.core.stats.arrivalsBehind).to.equal(0);
  });

  it('are told without them when the stream has room too, not before', async () => {
    a.send({ mark: 0 });
    await publishMuch();
    const before = told(wide);
    await publish(WIDE, 'late');
    a.link.isCongested = true;
    a.send({ mark: lastMark() });
    await world.quiet();
    expect(told(wide)).to.equal(before);
    a.drained();
    await world.quiet();
    expect(told(wide)).to.equal(before + 1);
  });

  it('a mark, of which the welcome has one, is no heartbeat: it is not answered; one that was not given ends the stream', () => {
    const { length } = a.frames;
    expect(a.frames.filter(({ mark }) => mark !== undefined)).to.deep.equal([a.frames[0]]);
    expect(a.frames[0]).to.deep.include({ mark: 0 });
    a.send({ mark: 0 });
    expect(a.frames.slice(length)).to.deep.equal([]);
    a.send({ mark: 1 });
    expect(a.link.failure?.status).to.equal(RpcStatus.INVALID_ARGUMENT);
  });
});
