import { expect } from 'chai';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { recordPayload } from '../../../../src/lmq/spi/record.ts';
import type { FakeNode } from './fake-node.ts';
import { recordOf, ServerWorld } from './server-world.ts';

const TOPICS = ['x', 'y'].map((name, i) => ({ number: i + 1, name, directQueue: 0 }));

describe('arrivals for nodes', () => {
  let world: ServerWorld;
  let publisher: FakeNode;
  let a: FakeNode;

  beforeEach(async () => {
    world = new ServerWorld(createMemoryStore());
    await world.core.start();
    publisher = world.node('publisher');
    a = world.node('a');
    await publisher.attach();
    await a.attach();
    await publisher.settled(publisher.batch({ topics: TOPICS }));
  });

  afterEach(async () => {
    await world.core.stop();
    await world.store.stop();
  });

  const open = async (name: string): Promise<number> =>
    (await a.request({ openQueue: name })).queue?.id as number;

  const publish = async (...texts: string[]): Promise<void> => {
    const records = texts.map((text) => {
      const [topic = 'x'] = text;
      return { topic: topic === 'x' ? 1 : 2, record: recordOf(topic, text) };
    });
    await publisher.settled(publisher.batch({ records }));
    await world.quiet();
  };

  const received = (queue: number): string[] =>
    (a.arrived.get(queue) ?? []).map((record) => recordPayload(record, 0).toString());

  it('go to those who have the queue open, and to nobody else', async () => {
    const x = await open('tx');
    await publish('x1', 'y1', 'x2');
    expect(received(x)).to.deep.equal(['x1', 'x2']);
    expect(publisher.frames.flatMap(({ arrivals }) => arrivals)).to.deep.equal([]);
    a.send({ requests: [{ id: 0, closeQueue: x }] });
    await publish('x3');
    expect(received(x)).to.deep.equal(['x1', 'x2']);
  });

  it('bring each record once in a frame, however many queues have it', async () => {
    await a.settled(a.batch({ writes: [{ beforeRecord: 0, acquireFilter: ALL }] }));
    const queues = [await open('tx'), await open('ty'), await open('f+')];
    await publish('x1', 'y1', 'x2', 'y2', 'y3');
    expect(queues.map(received)).to.deep.equal([
      ['x1', 'x2'],
      ['y1', 'y2', 'y3'],
      ['x1', 'y1', 'x2', 'y2', 'y3'],
    ]);
    const blocks = a.frames.flatMap((frame) => frame.blocks);
    expect(blocks.reduce((sum, block) => sum + block.length, 0)).to.equal(
      5 * recordOf('x', 'x1').length,
    );
  });

  it('need no positions when all queues have got the same', async () => {
    await a.settled(a.batch({ writes: [{ beforeRecord: 0, acquireFilter: ALL }] }));
    const queues = [await open('tx'), await open('f+')];
    await publish('x1', 'x2');
    expect(queues.map(received)).to.deep.equal([
      ['x1', 'x2'],
      ['x1', 'x2'],
    ]);
    const arrivals = a.frames.flatMap((frame) => frame.arrivals);
    expect(arrivals.map(({ positions }) => positions.length)).to.deep.equal([0, 0]);
  });

  it('of a peer go to the node that has its session, with the bounds of the queue', async () => {
    await a.request({ claim: { key: 'sclient', onlyIfFree: false } });
    const topic = { number: 9, name: 'x/p2p/client', directQueue: 0 };
    const record = recordOf(topic.name, '1');
    await publisher.settled(publisher.batch({ topics: [topic], records: [{ topic: 9, record }] }));
    const [arrival] = a.frames.flatMap(({ arrivals }) => arrivals);
    expect(arrival?.opened).to.deep.include({ name: 'pclient', maxOffset: 1, nextOffset: 1 });
    expect(received(arrival?.queue ?? -1)).to.deep.equal(['1']);
    await open('pclient');
    await publisher.settled(publisher.batch({ records: [{ topic: 9, record }] }));
    const second = a.frames.flatMap(({ arrivals }) => arrivals).at(-1);
    expect(second).to.include({ firstOffset: 1, opened: undefined });
  });

  it('come without records while the node is behind, joined for each queue', async () => {
    const [x, y] = [await open('tx'), await open('ty')];
    a.link.isCongested = true;
    await publish('x1', 'y1');
    await publish('x2', 'x3');
    expect(a.frames.flatMap(({ arrivals }) => arrivals)).to.deep.equal([]);
    a.drained();
    await world.quiet();
    const arrivals = a.frames.flatMap((frame) => frame.arrivals);
    expect(
      arrivals.map(({ queue, firstOffset, count, block }) => [queue, firstOffset, count, block]),
    ).to.deep.equal([
      [x, 0, 3, 0],
      [y, 0, 1, 0],
    ]);
    await publish('x4');
    expect(received(x)).to.deep.equal(['x4']);
    expect(world.core.stats.arrivalsBehind).to.equal(2);
  });

  it('never overtake an answer that was given before them', async () => {
    const id = a.ask({ openQueue: 'tx' });
    publisher.batch({ records: [{ topic: 1, record: recordOf('x', 'x1') }] });
    await world.quiet();
    const answered = a.frames.findIndex(({ replies }) => replies.some((reply) => reply.id === id));
    const arrived = a.frames.findIndex(({ arrivals }) => arrivals.length > 0);
    const bounds = a.reply(id)?.queue;
    // either the bounds tell of the record or an arrival does, later
    if (arrived >= 0) expect(arrived).to.be.greaterThan(answered);
    else expect(bounds?.maxOffset).to.equal(1);
    expect(bounds?.maxOffset).to.equal(arrived >= 0 ? 0 : 1);
  });

  it('are cut into frames of about a mebibyte', async () => {
    const x = await open('tx');
    const texts = Array.from({ length: 30 }, (_, i) => `x${String(i)}${'.'.repeat(100_000)}`);
    await publish(...texts);
    expect(received(x)).to.deep.equal(texts);
    const blocks = a.frames.flatMap((frame) => frame.blocks);
    expect(blocks.length).to.be.within(2, 5);
    for (const frame of a.frames) expect(frame.blocks.length).to.be.at.most(1);
  });
});

const ALL = { filter: '+', durable: false };
