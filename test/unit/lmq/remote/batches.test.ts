import { expect } from 'chai';
import { ErrorCode, type StoreError } from '../../../../src/common/errors.ts';
import { recordLength, recordPayload, recordTopic } from '../../../../src/lmq/spi/record.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { RemoteTopic } from '../../../../src/lmq/remote/remote-topic.ts';
import type { SealedBatch } from '../../../../src/lmq/remote/sealed-batch.ts';
import { DefinedTopics, TopicNumbers } from '../../../../src/lmq/remote/topic-numbers.ts';
import type { Batch } from '../../../../src/rpc/messages/store-v1.ts';
import { publish, rejection } from '../../../conformance/lmq-store/harness.ts';
import { messageHead } from '../../../helpers/message-head.ts';
import { FakeStore, settle } from './fake-store.ts';

function payloadsOf({ records, topicNumbers }: Batch): string[] {
  const found: string[] = [];
  for (let at = 0; at < records.length; at += recordLength(records, at)) {
    found.push(`${recordTopic(records, at)}=${recordPayload(records, at).toString()}`);
  }
  expect(topicNumbers.length).to.equal(found.length * 4);
  return found;
}

describe('batches of a remote store', () => {
  let store: FakeStore;
  beforeEach(async () => {
    store = new FakeStore();
    await store.attach();
  });

  it('hold what one turn writes, with each topic defined once on a connection', async () => {
    const { node, link } = store;
    publish(node, 'a', '1');
    publish(node, 'b', '2');
    publish(node, 'a', '3');
    node.putState(StateSpace.SESSION, 'k', Buffer.from('v'));
    publish(node, 'b', '4');
    await settle();
    publish(node, 'a', '5');
    await settle();
    const [first, second] = link.batches as [Batch, Batch];
    expect(payloadsOf(first)).to.deep.equal(['a=1', 'b=2', 'a=3', 'b=4']);
    expect(first.topics.map(({ name }) => name)).to.deep.equal(['a', 'b']);
    const [a, b] = first.topics.map(({ number }) => number) as [number, number];
    const numbers = [0, 4, 8, 12].map((at) => first.topicNumbers.readUInt32LE(at));
    expect(numbers).to.deep.equal([a, b, a, b]);
    expect(first.writes.map(({ beforeRecord }) => beforeRecord)).to.deep.equal([3]);
    expect(second.topics).to.deep.equal([]);
    expect([first.sequence, second.sequence]).to.deep.equal([1, 2]);
  });

  it('are two under way; what is written meanwhile goes as one when one is settled', async () => {
    const { node, link } = store;
    for (let i = 0; i < 6; i++) {
      publish(node, 't', String(i));
      await settle();
    }
    expect(link.batches.length).to.equal(2);
    link.say({ settled: { sequence: 1 } });
    await settle();
    expect(link.batches.length).to.equal(3);
    expect(payloadsOf(link.batches[2] as Batch)).to.deep.equal(['t=2', 't=3', 't=4', 't=5']);
  });

  it('are sent before a request that has to see them, up to eight', async () => {
    const { node, link } = store;
    for (let i = 0; i < 10; i++) {
      publish(node, 't', String(i));
      void node.getState(StateSpace.SESSION, 'k');
      await settle();
    }
    expect(link.batches.length).to.equal(8);
    expect(link.requests.filter(({ getState }) => getState !== undefined).length).to.equal(8);
    link.say({ settled: { sequence: 8 } });
    await settle();
    expect(payloadsOf(link.batches[8] as Batch)).to.deep.equal(['t=8', 't=9']);
    expect(link.requests.filter(({ getState }) => getState !== undefined).length).to.equal(10);
  });

  it('that are not settled go again, with their numbers and their topics', async () => {
    const { node } = store;
    const queue = await store.open(3, 'pme');
    publish(node, 'a', '1');
    await settle();
    store.link.say({ settled: { sequence: 1 } });
    publish(node, 'a', '2');
    await settle();
    node.append(node.directTopic('b', queue), messageHead(), Buffer.from('3'), 0, 1);
    await settle();
    await store.reattach({ lastSequence: 2, queues: [{ ...queue }] });
    const again = store.link.batches;
    expect(again.map(({ sequence }) => sequence)).to.deep.equal([3]);
    expect(again[0]?.topics.map(({ name, directQueue }) => [name, directQueue])).to.deep.equal([
      ['b', 3],
    ]);
    await node.committed(2);
  });

  it('may fail alone, and stay failed', async () => {
    const { node, link } = store;
    const outcomes: (string | undefined)[] = [];
    node.onCommit((_commit, error) => outcomes.push((error as StoreError | undefined)?.code));
    publish(node, 't', '1');
    await settle();
    publish(node, 't', '2');
    await settle();
    const failed = rejection(node.committed(1));
    link.say({ settled: { sequence: 1, error: { code: ErrorCode.STORE_LIMIT, message: 'x' } } });
    link.say({ settled: { sequence: 2 } });
    expect(((await failed) as StoreError).code).to.equal(ErrorCode.STORE_LIMIT);
    expect(outcomes).to.deep.equal([ErrorCode.STORE_LIMIT, undefined]);
    await node.committed(2);
    expect(await rejection(node.committed(1))).to.equal(await failed);
    expect(node.backlogBytes).to.equal(0);
  });

  it('wait while the link has no room', async () => {
    const { node, link } = store;
    link.hasRoom = false;
    publish(node, 't', '1');
    await settle();
    publish(node, 't', '2');
    await settle();
    expect(link.batches.length).to.equal(1);
    link.drain();
    await settle();
    expect(link.batches.length).to.equal(2);
  });

  it('are closed with 512 topics that the store has to look up, at the end of a turn', async () => {
    const { node, link } = store;
    const turn = async (from: number, count: number): Promise<void> => {
      for (let i = from; i < from + count; i++) publish(node, `t${String(i)}`, '');
      await settle();
    };
    await turn(0, 2);
    await turn(2, 1);
    expect(link.batches.length).to.equal(2);
    for (let i = 0; i < 6; i++) await turn(3 + i * 200, 200);
    // These the store knows.
    await turn(3 + 5 * 200, 100);
    link.say({ settled: { sequence: 2 } });
    await settle();
    expect(link.batches.slice(2).map(({ topics }) => topics.length)).to.deep.equal([600, 600]);
    link.say({ settled: { sequence: 4 } });
    await settle();
    expect(payloadsOf(link.batches[4] as Batch).length).to.equal(100);
  });

  it('are closed at 1 MiB although they wait, and in the middle of a turn at 32 MiB', async () => {
    const { node, link } = store;
    store.link.end();
    const large = Buffer.alloc(700_000);
    for (let i = 0; i < 6; i++) {
      publish(node, 't', large);
      await settle();
    }
    expect(node.openCommit).to.equal(4);
    for (let i = 0; i < 60; i++) publish(node, 't', large);
    expect(node.openCommit).to.equal(5);
    expect(node.writable).to.equal(true);
    for (let i = 0; i < 40; i++) publish(node, 't', large);
    expect(node.writable).to.equal(false);
    expect(link.batches).to.deep.equal([]);
  });
});

describe('numbers of topics', () => {
  const batchOf = (numbers: TopicNumbers, topics: readonly RemoteTopic[]): SealedBatch => {
    numbers.beginBatch();
    for (const topic of topics) numbers.assign(topic);
    return {
      commit: 1,
      records: Buffer.alloc(0),
      topicNumberOfRecord: Buffer.alloc(0),
      topics,
      topicNumbers: topics.map(({ number }) => number),
      topicRecords: topics.map(() => 1),
      writes: [],
      bytes: 0,
    };
  };

  it('begin anew with a batch when there are too many, and are defined anew then', () => {
    const numbers = new TopicNumbers(3);
    const defined = new DefinedTopics();
    const topics = Array.from({ length: 6 }, (_, i) => new RemoteTopic(String(i), 0));
    const known = new Map<number, string>();
    for (const [from, to] of [
      [0, 2],
      [0, 5],
      [3, 6],
      [0, 6],
      [1, 3],
    ] as const) {
      const batch = batchOf(numbers, topics.slice(from, to));
      for (const { number, name } of defined.missing(batch)) known.set(number, name);
      expect(new Set(batch.topicNumbers).size).to.equal(to - from);
      const named = batch.topicNumbers.map((number) => known.get(number));
      expect(named).to.deep.equal(batch.topics.map(({ name }) => name));
    }
    expect(Math.max(...known.keys())).to.be.at.most(3 + topics.length);
  });

  it('are defined once, and again on another connection with what they meant when they were written', () => {
    const numbers = new TopicNumbers(1);
    const topics = ['a', 'b', 'c'].map((name) => new RemoteTopic(name, 0));
    const defined = new DefinedTopics();
    const old = batchOf(numbers, topics.slice(0, 2));
    expect(defined.missing(old).length).to.equal(2);
    expect(defined.missing(old).length).to.equal(0);
    const fresh = batchOf(numbers, topics.slice(2));
    expect(fresh.topicNumbers).to.deep.equal([old.topicNumbers[0]]);
    const other = new DefinedTopics();
    expect(other.missing(old).map(({ name }) => name)).to.deep.equal(['a', 'b']);
    expect(other.missing(fresh).map(({ name }) => name)).to.deep.equal(['c']);
    expect(other.missing(old).map(({ name }) => name)).to.deep.equal(['a']);
  });
});
