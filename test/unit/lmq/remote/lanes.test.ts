import { expect } from 'chai';
import { commitBase, laneOfCommit } from '../../../../src/lmq/spi/lane.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { publish, rejection } from '../../../conformance/lmq-store/harness.ts';
import { messageHead } from '../../../helpers/message-head.ts';
import { boundsOf, FakeStore, settle, storeFrame, welcomeOf } from './fake-store.ts';

const BASE = commitBase(3);

describe('a remote store that is one of several', () => {
  let store: FakeStore;
  let generation: number;

  beforeEach(async () => {
    generation = 4;
    store = new FakeStore({
      lane: 3,
      generation: () => generation,
      activeGeneration: () => generation - 1,
      maxBacklogBytes: 10_000,
    });
    await store.attach();
  });

  it('numbers commits from the base of its lane, and batches from 1', async () => {
    const { node, link } = store;
    const seen: number[] = [];
    node.onCommit((commit) => seen.push(commit));
    expect(node.openCommit).to.equal(BASE + 1);
    expect(laneOfCommit(node.openCommit)).to.equal(3);
    expect(publish(node, 't', '1')).to.equal(BASE + 1);
    await settle();
    expect(publish(node, 't', '2')).to.equal(BASE + 2);
    await settle();
    expect(link.batches.map(({ sequence }) => sequence)).to.deep.equal([1, 2]);
    link.say({ settled: { sequence: 1 } });
    await node.committed(BASE + 1);
    await store.reattach({ lastSequence: 2 });
    await node.committed(BASE + 2);
    expect(seen).to.deep.equal([BASE + 1, BASE + 2]);
    for (const commit of [1, BASE, BASE + 4]) {
      expect(await rejection(node.committed(commit))).to.be.instanceOf(RangeError);
    }
    expect(node.stats.commits).to.equal(2);
  });

  it('fences itself when the store has less than it had confirmed', async () => {
    const reasons: string[] = [];
    store.node.onFenced((reason) => reasons.push(reason));
    publish(store.node, 't', '1');
    await settle();
    store.link.say({ settled: { sequence: 1 } });
    await store.reattach({ lastSequence: 0 });
    expect(reasons.length).to.equal(1);
  });

  it('gives queues ids that no other store has, and calls them by theirs', async () => {
    const { node, link } = store;
    const queue = await store.open(5, 'tt');
    expect([queue.id, queue.lane, node.topic('t').lane]).to.deep.equal([5 * 16 + 3, 3, 3]);
    void node.pull(queue, 0, 1, 1).catch(() => undefined);
    node.commitOffset('c', queue, 1);
    node.deleteOffset('c', queue);
    const direct = node.directTopic('t', queue);
    const none = Buffer.alloc(0);
    node.append(direct, messageHead(), none, 0, 0);
    void node.loadOffset('c', queue).catch(() => undefined);
    await settle();
    const [batch] = link.batches;
    expect(batch?.topics[0]?.directQueue).to.equal(5);
    expect(
      batch?.writes.map((write) => (write.commitOffset ?? write.deleteOffset)?.queue),
    ).to.deep.equal([5, 5]);
    const asked = link.requests.map(({ pull, loadOffset }) => (pull ?? loadOffset)?.queue);
    expect(asked.filter((id) => id !== undefined)).to.deep.equal([5, 5]);
    const arrivals: number[] = [];
    node.onArrival((list) => {
      for (const { queue: grown } of list) arrivals.push(grown.id);
    });
    link.say({
      arrivals: [{ queue: 5, firstOffset: 0, count: 1, block: 0, positions: none }],
    });
    expect(arrivals).to.deep.equal([queue.id]);
    await store.reattach({ queues: [boundsOf(5, 'tt', 1)] });
    node.closeQueue(queue);
    await settle();
    expect(store.link.requests.some(({ closeQueue }) => closeQueue === 5)).to.equal(true);
  });

  it('takes no queue of another lane', async () => {
    const other = new FakeStore({ lane: 2 });
    await other.attach();
    const queue = await other.open(5, 'tt');
    expect(() => store.node.commitOffset('c', queue, 1)).to.throw(TypeError);
    expect(() => new FakeStore({ lane: 16 })).to.throw(RangeError);
  });

  it('knows by which generation messages come at least, and forgets it with the link', () => {
    expect(store.node.leastGeneration).to.equal(undefined);
    store.link.say(storeFrame({ leastGeneration: 3 }));
    expect(store.node.leastGeneration).to.equal(3);
    store.link.say(storeFrame({}));
    expect(store.node.leastGeneration).to.equal(3);
    store.link.end();
    expect(store.node.leastGeneration).to.equal(undefined);
  });

  it('tells at once that it sends by another generation', () => {
    generation = 6;
    store.node.tellGenerations();
    expect(store.link.sent.at(-1)).to.deep.include({ generation: 6, activeGeneration: 5 });
  });

  it('tells the generation that it follows with each hello and heartbeat', async () => {
    expect(store.link.sent[0]?.hello?.generation).to.equal(4);
    generation = 5;
    store.clock.advance(1_500);
    expect(store.link.sent.at(-1)).to.deep.include({ generation: 5, activeGeneration: 4 });
    store.link.end();
    store.clock.advance(1_000);
    expect(store.link.sent[0]?.hello).to.include({ generation: 5, activeGeneration: 4 });
    store.link.say({ welcome: welcomeOf() });
  });

  it('is not writable while it is suspended, whatever is settled', async () => {
    const { node, link } = store;
    let wakes = 0;
    node.onWritable(() => wakes++);
    node.suspend();
    expect(node.writable).to.equal(false);
    node.suspend();
    node.resume();
    expect([node.writable, wakes]).to.deep.equal([true, 1]);
    publish(node, 't', Buffer.alloc(20_000));
    expect(node.writable).to.equal(false);
    node.suspend();
    await settle();
    link.say({ settled: { sequence: 1 } });
    expect([node.writable, wakes]).to.deep.equal([false, 1]);
    publish(node, 't', Buffer.alloc(20_000));
    expect(node.writable).to.equal(false);
    node.resume();
    expect([node.writable, wakes]).to.deep.equal([false, 1]);
    await settle();
    link.say({ settled: { sequence: 2 } });
    expect([node.writable, wakes]).to.deep.equal([true, 2]);
    node.resume();
    expect(wakes).to.equal(2);
  });

  it('is settled when each record is durable or has failed, whatever else is written', async () => {
    const { node, link } = store;
    expect(node.isSettled).to.equal(true);
    node.putState(StateSpace.SESSION, 'k', Buffer.alloc(0));
    expect(node.isSettled).to.equal(true);
    await settle();
    publish(node, 't', '1');
    expect(node.isSettled).to.equal(false);
    await settle();
    node.putState(StateSpace.SESSION, 'k', Buffer.alloc(0));
    await settle();
    link.say({ settled: { sequence: 1 } });
    expect(node.isSettled).to.equal(false);
    link.say({
      settled: { sequence: 2, error: { code: 'LMQTT_STORE_UNAVAILABLE', message: 'full' } },
    });
    expect(node.isSettled).to.equal(true);
  });
});
