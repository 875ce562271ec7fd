import { expect } from 'chai';
import { positionAt } from '../../../../src/lmq/spi/record-segment.ts';
import { recordPayload } from '../../../../src/lmq/spi/record.ts';
import { filterQueueName, topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import type { Arrival, Queue, QueueOffset } from '../../../../src/lmq/spi/types.ts';
import { messageHead } from '../../../helpers/message-head.ts';
import { EmbeddedWorld } from './embedded-world.ts';

function append(store: LmqStore, topic: string, text: string): void {
  const payload = Buffer.from(text);
  store.append(store.topic(topic), messageHead(), payload, 0, payload.length);
}

/** What the tail has of a queue, and in how many segments. */
function tailOf(store: LmqStore, queue: Queue): { texts: string[]; segments: number } {
  const texts: string[] = [];
  let segments = 0;
  for (let offset: QueueOffset = 0; offset < queue.maxOffset; segments++) {
    const segment = store.tail(queue, offset);
    if (segment === undefined) throw new Error(`not in the tail: ${String(offset)}`);
    for (; offset < segment.firstOffset + segment.count; offset++) {
      texts.push(recordPayload(segment.buffer, positionAt(segment, offset)).toString());
    }
  }
  return { texts, segments };
}

async function stored(store: LmqStore, queue: Queue): Promise<string[]> {
  const texts: string[] = [];
  for (let offset: QueueOffset = 0; offset < queue.maxOffset;) {
    const { segments, nextOffset } = await store.pull(queue, offset, 1_000, 1 << 20);
    for (const segment of segments) {
      for (let i = 0; i < segment.count; i++) {
        const position = positionAt(segment, segment.firstOffset + i);
        texts.push(recordPayload(segment.buffer, position).toString());
      }
    }
    offset = nextOffset;
  }
  return texts;
}

describe('records of a commit over several blocks', () => {
  let world: EmbeddedWorld;

  afterEach(() => world.dispose());

  it('are one arrival for each queue, and in its tail and on disk in order, whoever else is in the blocks', async () => {
    world = new EmbeddedWorld({ blockBytes: 400 });
    let store = await world.start();
    const all = await store.acquireFilter('#', true);
    const names = ['a', 'b', 'c'];
    const queues = await Promise.all(names.map((name) => store.openQueue(topicQueueName(name))));
    const arrivals: Arrival[] = [];
    store.onArrival((news) => arrivals.push(...news));
    const expected = new Map(names.map((name) => [name, [] as string[]]));
    const everything: string[] = [];
    for (let commit = 0; commit < 3; commit++) {
      const before = all.maxOffset;
      arrivals.length = 0;
      // 'a' in runs, 'b' now and then, 'c' in one block alone.
      for (let i = 0; i < 60; i++) {
        const name = i === 30 ? 'c' : i % 7 === 6 ? 'b' : 'a';
        const text = `${String(commit)}/${String(i)}`;
        append(store, name, text);
        expected.get(name)?.push(text);
        everything.push(text);
        expect(all.nextOffset).to.equal(before + i + 1);
      }
      await store.committed(store.openCommit);
      const told = arrivals.map(({ queue, firstOffset, count }) => [
        queue.name,
        firstOffset,
        count,
      ]);
      const counts = new Map([
        ['a', 51],
        ['b', 8],
        ['c', 1],
      ]);
      expect(told).to.have.deep.members([
        [all.name, commit * 60, 60],
        ...names.map((name) => [
          topicQueueName(name),
          commit * (counts.get(name) ?? 0),
          counts.get(name),
        ]),
      ]);
      expect([all.maxOffset, all.nextOffset]).to.deep.equal([before + 60, before + 60]);
    }
    const whole = tailOf(store, all);
    expect(whole.texts).to.deep.equal(everything);
    expect(whole.segments).to.be.above(9);
    for (const [i, queue] of queues.entries()) {
      expect(tailOf(store, queue).texts).to.deep.equal(expected.get(names[i] as string));
    }
    store = await world.reopen();
    expect(await stored(store, await store.openQueue(filterQueueName('#')))).to.deep.equal(
      everything,
    );
    for (const name of names) {
      const queue = await store.openQueue(topicQueueName(name));
      expect(store.tail(queue, 0)).to.equal(undefined);
      expect(await stored(store, queue)).to.deep.equal(expected.get(name));
    }
  });

  it('are forgotten when it fails', async () => {
    world = new EmbeddedWorld({ blockBytes: 400 });
    const store = await world.start();
    const queue = await store.openQueue(topicQueueName('a'));
    append(store, 'a', 'kept');
    await store.committed(store.openCommit);
    let told = 0;
    store.onArrival(({ length }) => (told += length));
    world.failWrites();
    for (let i = 0; i < 30; i++) append(store, 'a', `lost ${String(i)}`);
    expect(queue.nextOffset).to.equal(31);
    const error: unknown = await store
      .committed(store.openCommit)
      .catch((reason: unknown) => reason);
    expect(error).to.be.an('error');
    expect([queue.maxOffset, queue.nextOffset, told]).to.deep.equal([1, 1, 0]);
    expect(tailOf(store, queue).texts).to.deep.equal(['kept']);
  });
});
