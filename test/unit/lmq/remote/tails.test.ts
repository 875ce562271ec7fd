import { expect } from 'chai';
import fc from 'fast-check';
import { recordPayload } from '../../../../src/lmq/spi/record.ts';
import { type Arrival } from '../../../../src/lmq/spi/types.ts';
import { RemoteSegment } from '../../../../src/lmq/remote/remote-segment.ts';
import { SegmentTail } from '../../../../src/lmq/remote/segment-tail.ts';
import { publish } from '../../../conformance/lmq-store/harness.ts';
import { boundsOf, FakeStore, settle } from './fake-store.ts';
import { none, block, u32 } from './record-block.ts';

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
