import { expect } from 'chai';
import fc from 'fast-check';
import { ErrorCode, type StoreError } from '../../../../src/common/errors.ts';
import {
  NO_EXPIRY,
  recordPayload,
  recordSize,
  writeRecord,
} from '../../../../src/lmq/spi/record.ts';
import { PullStatus, type Arrival, type QueueName } from '../../../../src/lmq/spi/types.ts';
import { RemoteSegment } from '../../../../src/lmq/remote/remote-segment.ts';
import { SegmentTail } from '../../../../src/lmq/remote/segment-tail.ts';
import { publish, rejection } from '../../../conformance/lmq-store/harness.ts';
import { boundsOf, FakeStore, settle } from './fake-store.ts';

const none = Buffer.alloc(0);

function block(...payloads: string[]): { bytes: Buffer; positions: number[] } {
  const positions: number[] = [];
  const records = payloads.map((text) => {
    const payload = Buffer.from(text);
    const record = Buffer.alloc(recordSize(1, 0, 0, payload.length));
    writeRecord(
      record,
      0,
      1,
      Buffer.from('t'),
      none,
      none,
      NO_EXPIRY,
      0,
      0,
      payload,
      0,
      payload.length,
    );
    return record;
  });
  let at = 0;
  for (const record of records) {
    positions.push(at);
    at += record.length;
  }
  return { bytes: Buffer.concat(records), positions };
}

function u32(...numbers: number[]): Buffer {
  return Buffer.from(new Uint32Array(numbers).buffer);
}

describe('what is pushed to a remote store', () => {
  let store: FakeStore;
  let told: [name: string, firstOffset: number, count: number][];
  beforeEach(async () => {
    store = new FakeStore({ tailBytes: 4_000 });
    await store.attach();
    told = [];
    store.node.onArrival((arrivals: readonly Arrival[]) => {
      for (const { queue, firstOffset, count } of arrivals) {
        told.push([queue.name, firstOffset, count]);
      }
    });
  });

  const arrival = (queue: number, firstOffset: number, positions: readonly number[], at = 1) => ({
    queue,
    firstOffset,
    count: positions.length,
    block: at,
    positions: u32(...positions),
  });

  it('is in the tails of its queues, which share the block', async () => {
    const { node, link } = store;
    const [a, b] = [await store.open(1, 'ta'), await store.open(2, 'f#')];
    const { bytes, positions } = block('x', 'yy', 'z');
    link.say({
      blocks: [bytes],
      arrivals: [
        arrival(1, 0, positions.slice(0, 2)),
        { ...arrival(2, 5, positions), positions: none },
      ],
    });
    expect(told).to.deep.equal([
      ['ta', 0, 2],
      ['f#', 5, 3],
    ]);
    const [own, all] = [node.tail(a, 1), node.tail(b, 7)];
    expect(own?.buffer).to.equal(all?.buffer);
    expect(recordPayload(bytes, own?.positions[1] ?? 0).toString()).to.equal('yy');
    expect(recordPayload(bytes, all?.positions[2] ?? 0).toString()).to.equal('z');
    expect([a.maxOffset, b.maxOffset]).to.deep.equal([2, 8]);
    expect(node.tail(a, 2)).to.equal(undefined);
    expect(node.stats).to.deep.include({ tailHits: 2, tailMisses: 1 });
  });

  it('is told after its commit, and both after the bounds have moved', async () => {
    const { node, link } = store;
    const queue = await store.open(1, 't' + 't');
    const events: string[] = [];
    node.onCommit(() =>
      events.push(`commit ${String(queue.maxOffset)} ${String(queue.nextOffset)}`),
    );
    node.onArrival(() => events.push(`arrival ${String(queue.maxOffset)}`));
    publish(node, 't', 'x');
    expect([queue.maxOffset, queue.nextOffset]).to.deep.equal([0, 1]);
    await settle();
    const { bytes, positions } = block('x');
    link.say({ settled: { sequence: 1 }, blocks: [bytes], arrivals: [arrival(1, 0, positions)] });
    expect(events).to.deep.equal(['commit 1 1', 'arrival 1']);
  });

  it('may come without records, again, and ahead of the bounds: each offset is told once', async () => {
    const { node, link } = store;
    const queue = await store.open(1, 'ta');
    link.say({ arrivals: [{ ...arrival(1, 0, [0, 0, 0]), block: 0, positions: none }] });
    expect(node.tail(queue, 0)).to.equal(undefined);
    const { bytes, positions } = block('x', 'y');
    link.say({ blocks: [bytes], arrivals: [arrival(1, 2, positions)] });
    link.say({ blocks: [bytes], arrivals: [arrival(1, 2, positions)] });
    await store.open(1, 'ta', 9);
    expect(queue.maxOffset).to.equal(9);
    link.say({ arrivals: [{ ...arrival(1, 4, [0, 0, 0, 0, 0]), block: 0, positions: none }] });
    expect(told).to.deep.equal([
      ['ta', 0, 3],
      ['ta', 3, 1],
      ['ta', 4, 5],
    ]);
  });

  it('goes oldest first when there is too much', async () => {
    const { node, link } = store;
    const queue = await store.open(1, 'ta');
    for (let i = 0; i < 200; i++) {
      const { bytes, positions } = block('x'.repeat(100));
      link.say({ blocks: [bytes], arrivals: [arrival(1, i, positions)] });
      expect(node.stats.tailBytes).to.be.at.most(4_000);
    }
    expect(node.tail(queue, 199)?.firstOffset).to.equal(199);
    expect(node.tail(queue, 190)?.firstOffset).to.equal(190);
    expect(node.tail(queue, 150)).to.equal(undefined);
  });

  it('is not read below the first record that the store still has', async () => {
    const { node, link } = store;
    const queue = await store.open(1, 'ta');
    const { bytes, positions } = block('x', 'y');
    link.say({ blocks: [bytes], arrivals: [arrival(1, 0, positions)] });
    link.say({ moved: [{ ...boundsOf(1, 'ta', 2), minOffset: 1 }] });
    expect(queue.minOffset).to.equal(1);
    expect(node.tail(queue, 0)).to.equal(undefined);
    expect(node.tail(queue, 1)).not.to.equal(undefined);
  });

  it('may be of a peer queue that is not open: the handle lives for the arrival', async () => {
    const { node, link } = store;
    const { bytes, positions } = block('x');
    const payloads: string[] = [];
    node.onArrival((arrivals) => {
      for (const { queue, firstOffset } of arrivals) {
        const segment = node.tail(queue, firstOffset);
        if (segment === undefined) throw new Error('not in the tail');
        payloads.push(recordPayload(segment.buffer, segment.positions[0] ?? 0).toString());
      }
    });
    for (const at of [4, 5]) {
      const opened = boundsOf(9, 'pme', at + 1);
      link.say({ blocks: [bytes], arrivals: [{ ...arrival(9, at, positions), opened }] });
    }
    expect(payloads).to.deep.equal(['x', 'x']);
    expect(told.map(([, firstOffset]) => firstOffset)).to.deep.equal([4, 5]);
    expect(node.stats.openQueues).to.equal(0);
    link.say({ blocks: [bytes], arrivals: [arrival(10, 0, positions)] });
    expect(told.length).to.equal(2);
  });

  it('that is broken is left out, and told all the same next time', async () => {
    const { node, link } = store;
    const queue = await store.open(1, 'ta');
    link.say({
      blocks: [Buffer.alloc(10)],
      arrivals: [{ ...arrival(1, 0, [0]), positions: none }],
    });
    const { bytes, positions } = block('y');
    link.say({ blocks: [bytes], arrivals: [arrival(1, 1, positions)] });
    expect(node.tail(queue, 0)).to.equal(undefined);
    expect(queue.maxOffset).to.equal(2);
  });
});

describe('queues of a remote store', () => {
  let store: FakeStore;
  beforeEach(async () => {
    store = new FakeStore({ requestTimeoutMs: 10_000 });
    await store.attach();
  });

  const closes = (): (number | undefined)[] =>
    store.link.requests.flatMap(({ closeQueue }) => closeQueue ?? []);

  it('are closed at the store after their last use here', async () => {
    const first = await store.open(1, 'ta');
    const second = await store.open(1, 'ta', 3);
    expect(second).to.equal(first);
    expect(first.nextOffset).to.equal(3);
    store.node.closeQueue(first);
    await settle();
    expect(closes()).to.deep.equal([]);
    store.node.closeQueue(second);
    await settle();
    expect(closes()).to.deep.equal([1]);
    expect(() => {
      store.node.closeQueue(second);
    }).to.throw(RangeError);
  });

  it('that batches under way may name are said in the next hello, and closed again', async () => {
    const queue = await store.open(1, 'ta');
    store.node.commitOffset('c', queue, 1);
    store.node.closeQueue(queue);
    await settle();
    expect(closes()).to.deep.equal([1]);
    await store.reattach({ queues: [boundsOf(1, 'ta')] });
    expect(store.link.sent[0]?.hello?.queues).to.deep.equal([{ name: 'ta', uses: 1 }]);
    expect(store.link.batches.length).to.equal(1);
    expect(closes()).to.deep.equal([1]);
    store.link.say({ settled: { sequence: 1 } });
    await store.reattach({ lastSequence: 1 });
    expect(store.link.sent[0]?.hello?.queues).to.deep.equal([]);
  });

  it('whose open is answered too late are closed', async () => {
    const opening = rejection(store.node.openQueue('ta' as QueueName));
    await settle();
    const id = store.link.requests.at(-1)?.id ?? 0;
    for (let i = 0; i < 8; i++) {
      store.clock.advance(1_500);
      store.link.say({});
    }
    expect(((await opening) as StoreError).code).to.equal(ErrorCode.STORE_UNAVAILABLE);
    store.link.say({ replies: [{ id, queue: boundsOf(1, 'ta') }] });
    await settle();
    expect(closes()).to.deep.equal([1]);
    expect(store.node.stats.openQueues).to.equal(0);
  });

  it('are known from the answer on, before anything that comes behind it', async () => {
    const grown: number[] = [];
    store.node.onArrival((arrivals) => grown.push(...arrivals.map(({ count }) => count)));
    const opening = store.node.openQueue('ta' as QueueName);
    await settle();
    store.link.answer('openQueue', { queue: boundsOf(1, 'ta') });
    store.link.say({
      arrivals: [{ queue: 1, firstOffset: 0, count: 2, block: 0, positions: none }],
    });
    expect(grown).to.deep.equal([2]);
    expect((await opening).maxOffset).to.equal(2);
  });

  it('are pulled without waiting for batches, and refuse an answer that is none', async () => {
    const { node, link } = store;
    const queue = await store.open(1, 'ta', 5);
    link.hasRoom = true;
    const pulled = node.pull(queue, 2, 10, 100);
    await settle();
    const { bytes } = block('x', 'y');
    link.answer('pull', {
      pull: {
        status: PullStatus.FOUND,
        nextOffset: 4,
        minOffset: 1,
        runs: [{ firstOffset: 2, count: 2, records: bytes }],
      },
    });
    const { segments, nextOffset } = await pulled;
    expect([segments.length, segments[0]?.count, nextOffset, queue.minOffset]).to.deep.equal([
      1, 2, 4, 1,
    ]);
    const wrong = rejection(node.pull(queue, 2, 10, 100));
    await settle();
    link.answer('pull', { done: {} });
    expect(((await wrong) as StoreError).code).to.equal(ErrorCode.STORE_UNAVAILABLE);
  });
});

describe('SegmentTail', () => {
  it('finds what a plain search finds', () => {
    const lengths = fc.array(fc.record({ gap: fc.nat(2), count: fc.integer({ min: 1, max: 4 }) }), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(lengths, fc.nat(150), fc.array(fc.nat(900)), (runs, drops, offsets) => {
        const tail = new SegmentTail();
        const segments: RemoteSegment[] = [];
        let end = 0;
        for (const { gap, count } of runs) {
          const segment = new RemoteSegment(end + gap, none, new Uint32Array(count));
          expect(tail.push(segment)).to.equal(true);
          expect(tail.push(segment)).to.equal(false);
          segments.push(segment);
          end = segment.end;
        }
        for (const segment of segments.splice(0, drops)) tail.drop(segment);
        for (const offset of offsets) {
          const expected = segments.find((one) => offset >= one.firstOffset && offset < one.end);
          expect(tail.find(offset)).to.equal(expected);
        }
      }),
    );
  });
});
