import { expect } from 'chai';
import fc from 'fast-check';
import { viewOf } from '../../../../src/common/bytes/recent-view.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { NO_EXPIRY } from '../../../../src/lmq/spi/record.ts';
import { positionAt } from '../../../../src/lmq/spi/record-segment.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import type { Queue } from '../../../../src/lmq/spi/types.ts';
import { EmbeddedWorld } from './embedded-world.ts';

interface Run {
  readonly topic: string;
  readonly publisher: Buffer;
  readonly properties: Buffer;
  readonly expirySeconds: number;
  readonly payloads: readonly Buffer[];
}

const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const payloads = fc.oneof(
  fc.array(bytes(40), { minLength: 1, maxLength: 150 }),
  fc.array(
    fc.nat(600).map((length) => Buffer.alloc(length, length)),
    { minLength: 1, maxLength: 20 },
  ),
);
const run: fc.Arbitrary<Run> = fc.record({
  topic: fc.constantFrom('a', 'a/b', 'a/'.padEnd(200, 'x'), 'long/'.padEnd(400, 'y')),
  publisher: bytes(24),
  properties: bytes(10),
  expirySeconds: fc.constantFrom(NO_EXPIRY, 60),
  payloads,
});

function append(store: LmqStore, { topic, ...of }: Run, isRun: boolean): number[] {
  const source = Buffer.concat([Buffer.of(1, 2, 3), ...of.payloads]);
  const starts = new Int32Array(of.payloads.length);
  const ends = new Int32Array(of.payloads.length);
  let at = 3;
  for (const [i, { length }] of of.payloads.entries()) {
    starts[i] = at;
    ends[i] = at += length;
  }
  const handle = store.topic(topic);
  const head = { ...of, flags: 1 };
  const count = starts.length;
  if (isRun) {
    const alike = { source, view: viewOf(source), count, starts, ends };
    return [store.appendRun!(handle, head, alike)];
  }
  return Array.from(starts, (start, i) => store.append(handle, head, source, start, ends[i]!));
}

async function recordsOf(store: LmqStore, queue: Queue): Promise<string[]> {
  const found: string[] = [];
  while (found.length < queue.maxOffset) {
    const { segments } = await store.pull(queue, found.length, 1000, 1_000_000);
    for (const segment of segments) {
      for (let i = 0; i < segment.count; i++) {
        const at = positionAt(segment, segment.firstOffset + i);
        const end = at + segment.buffer.readUInt32BE(at);
        found.push(segment.buffer.toString('hex', at, end));
      }
    }
  }
  return found;
}

/** All records of all queues, from memory and once more from disk. */
async function storedOf(commits: readonly (readonly Run[])[], isRun: boolean): Promise<unknown[]> {
  const world = new EmbeddedWorld({ blockBytes: 1024 });
  const all: unknown[] = [];
  try {
    let store = await world.start();
    await store.acquireFilter('a/#', true);
    for (const runs of commits) {
      const numbers = runs.map((alike) => append(store, alike, isRun));
      expect(new Set(numbers.flat()).size, 'commits').to.equal(1);
      await store.committed(store.openCommit);
    }
    all.push([store.stats.recordsAppended, store.stats.bytesAppended]);
    for (let round = 0; round < 2; round++) {
      const names = [...new Set(commits.flat().map(({ topic }) => topicQueueName(topic)))];
      const queues = [await store.acquireFilter('a/#', true)];
      for (const name of names) queues.push(await store.openQueue(name));
      for (const queue of queues) all.push(queue.name, await recordsOf(store, queue));
      if (round === 0) store = await world.reopen();
    }
  } finally {
    await world.dispose();
  }
  return all;
}

describe('appendRun of the embedded store', () => {
  it('stores, byte for byte and in every queue, what as many calls of append store', async function () {
    this.timeout(60_000);
    const commits = fc.array(fc.array(run, { minLength: 1, maxLength: 5 }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(commits, async (runs) => {
        expect(await storedOf(runs, true)).to.deep.equal(await storedOf(runs, false));
      }),
      { numRuns: 20 },
    );
  });

  it('looks at the clock as often as append does', async () => {
    const world = new EmbeddedWorld();
    const store = await world.start();
    const now = world.clock.now.bind(world.clock);
    let looks = 0;
    world.clock.now = () => now() + looks++;
    const times = async (isRun: boolean): Promise<number[]> => {
      looks = 0;
      const payloads = Array.from({ length: 200 }, () => Buffer.from('x'));
      const [topic, empty] = [isRun ? 'run' : 'one', Buffer.alloc(0)];
      const alike = {
        topic,
        publisher: empty,
        properties: empty,
        expirySeconds: NO_EXPIRY,
        payloads,
      };
      append(store, alike, isRun);
      await store.committed(store.openCommit);
      const records = await recordsOf(store, await store.openQueue(topicQueueName(topic)));
      return records.map((record) => parseInt(record.slice(28, 40), 16) - now());
    };
    const expected = Array.from({ length: 200 }, (_, i) => i >>> 6);
    expect(await times(false)).to.deep.equal(expected);
    expect(await times(true)).to.deep.equal(expected);
    await world.dispose();
  });
});
