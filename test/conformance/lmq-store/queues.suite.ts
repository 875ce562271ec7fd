import { expect } from 'chai';
import {
  NO_EXPIRY,
  RECORD_RETAIN,
  recordBornTime,
  recordLength,
  recordSize,
  recordStoreTime,
  writeRecord,
} from '../../../src/lmq/spi/record.ts';
import { positionAt } from '../../../src/lmq/spi/record-segment.ts';
import { filterQueueName, peerQueueName, topicQueueName } from '../../../src/lmq/spi/queue-name.ts';
import { PullStatus, type Segment } from '../../../src/lmq/spi/types.ts';
import {
  freshStore,
  payloads,
  publish,
  put,
  readFrom,
  recordsOf,
  turn,
  type StoreFactory,
} from './harness.ts';
import { messageHead } from '../../helpers/message-head.ts';

export function queueSuite(factory: StoreFactory): void {
  describe('append', () => {
    const current = freshStore(factory);

    it('keeps every field of a record', async () => {
      const { store, now } = current();
      const before = now();
      const properties = Buffer.from([0x26, 0, 1, 0x61, 0, 1, 0x62]);
      publish(store, 'a/ü', 'p', {
        flags: 2 | RECORD_RETAIN,
        publisher: 'ç',
        properties,
        expiry: 60,
      });
      await put(store, 'a/ü', '');
      const queue = await store.openQueue(topicQueueName('a/ü'));
      const [first, second] = await readFrom(store, queue, 0);
      expect(first).to.deep.include({
        offset: 0,
        topic: 'a/ü',
        payload: 'p',
        publisher: 'ç',
        qos: 2,
        retain: true,
        expiry: 60,
      });
      expect(first?.properties.equals(properties)).to.equal(true);
      expect(first?.bornTime).to.be.within(before, now());
      expect(second).to.deep.include({ payload: '', qos: 1, retain: false, expiry: NO_EXPIRY });
    });

    it('takes a finished record as it is, but for its own time and the origin', async () => {
      const { store, now } = current();
      const body = Buffer.from('payload');
      const [name, publisher, properties] = ['a/ü', 'ç', '&'].map((text) => Buffer.from(text)) as [
        Buffer,
        Buffer,
        Buffer,
      ];
      const size = recordSize(name.length, publisher.length, properties.length, body.length);
      const buffer = Buffer.alloc(size + 14, 0xff);
      writeRecord(buffer, 7, 2, name, publisher, properties, 60, 1, 5, body, 0, body.length);
      const record = Buffer.from(buffer.subarray(7, 7 + size));
      const before = now();
      await store.acquireFilter('a/+', false);
      const commit = store.appendRecord(store.topic('a/ü'), buffer, 7, 0xabcd);
      buffer.fill(0);
      await store.committed(commit);
      for (const queueName of [topicQueueName('a/ü'), filterQueueName('a/+')]) {
        const queue = await store.openQueue(queueName);
        const { segments } = await store.pull(queue, 0, 10, 1_000);
        const segment = segments[0] as Segment;
        const { buffer: found } = segment;
        const at = positionAt(segment, segment.firstOffset);
        const stored = found.subarray(at, at + recordLength(found, at));
        expect(recordBornTime(stored, 0)).to.equal(2 ** 32 + 5);
        expect(recordStoreTime(stored, 0)).to.be.within(before, now());
        expect(stored.subarray(0, 14)).to.deep.equal(record.subarray(0, 14));
        expect(stored.subarray(20, 30)).to.deep.equal(record.subarray(20, 30));
        expect(stored.subarray(32)).to.deep.equal(record.subarray(32));
      }
    });

    it('copies what it is given and takes the payload from its range', async () => {
      const { store } = current();
      const chunk = Buffer.from('..payload..');
      const publisher = Buffer.from('me');
      const head = messageHead({ publisher });
      const commit = store.append(store.topic('t'), head, chunk, 2, 9);
      chunk.fill('!');
      publisher.fill('!');
      await store.committed(commit);
      const queue = await store.openQueue(topicQueueName('t'));
      const [record] = await readFrom(store, queue, 0);
      expect(record).to.deep.include({ payload: 'payload', publisher: 'me' });
    });

    it('gives one handle per topic name, with the name in UTF-8', () => {
      const { store } = current();
      const topic = store.topic('a/ü');
      expect(store.topic('a/ü')).to.equal(topic);
      expect(store.topic('a/u')).not.to.equal(topic);
      expect(topic.name).to.equal('a/ü');
      expect(topic.bytes.equals(Buffer.from('a/ü'))).to.equal(true);
    });

    it('keeps the order of a topic, over commits of one and of many turns', async () => {
      const { store } = current();
      const expected: string[] = [];
      let commit = 0;
      for (let i = 0; i < 200; i++) {
        for (let j = 0; j < i % 7; j++) {
          const payload = `${String(i)}.${String(j)}`;
          commit = publish(store, 't', payload);
          expected.push(payload);
        }
        if (i % 3 === 0) await turn();
      }
      await store.committed(commit);
      expect(await payloads(store, topicQueueName('t'))).to.deep.equal(expected);
    });

    it('takes records of any size', async () => {
      const { store } = current();
      const sizes = [0, 1, 32_700, 32_768, 65_536, 1_000_000, 3];
      let commit = 0;
      for (const size of sizes) commit = publish(store, 't', 'x'.repeat(size));
      await store.committed(commit);
      const lengths = (await payloads(store, topicQueueName('t'))).map((text) => text.length);
      expect(lengths).to.deep.equal(sizes);
    });

    it('keeps topics apart that differ by a slash at the end', async () => {
      const { store } = current();
      await put(store, 't/a', '1');
      await put(store, 't/a/', '2');
      expect(await payloads(store, topicQueueName('t/a'))).to.deep.equal(['1']);
      expect(await payloads(store, topicQueueName('t/a/'))).to.deep.equal(['2']);
    });

    it('brings a record of a direct topic to its queue only, under the name of the topic', async () => {
      const { store } = current();
      const wildcard = await store.acquireFilter('a/#', false);
      const queue = await store.openQueue(peerQueueName('me'));
      const direct = store.directTopic('a/b', queue);
      const payload = Buffer.from('x');
      for (let i = 0; i < 2; i++) {
        await store.committed(store.append(direct, messageHead(), payload, 0, 1));
        await store.acquireFilter(`a/${i}/+`, false);
      }
      const records = await readFrom(store, queue, 0);
      expect(records.map(({ topic }) => topic)).to.deep.equal(['a/b', 'a/b']);
      expect(wildcard.maxOffset).to.equal(0);
      expect(await payloads(store, topicQueueName('a/b'))).to.deep.equal([]);
      await put(store, 'a/b', 'y');
      expect(await payloads(store, topicQueueName('a/b'))).to.deep.equal(['y']);
      expect(queue.maxOffset).to.equal(2);
    });

    it('brings a P2P topic to its peer only, whatever its first level', async () => {
      const { store } = current();
      await store.acquireFilter('#', true);
      await put(store, 'one/p2p/client', '1');
      await put(store, 'two/p2p/client', '2');
      expect(await payloads(store, peerQueueName('client'))).to.deep.equal(['1', '2']);
      expect(await payloads(store, filterQueueName('#'))).to.deep.equal([]);
      const queue = await store.openQueue(topicQueueName('one/p2p/client'));
      const [record] = await readFrom(store, queue, 0);
      expect(record?.topic).to.equal('one/p2p/client');
    });
  });

  boundsSuite(factory);
  pullSuite(factory);
}

function boundsSuite(factory: StoreFactory): void {
  describe('queues', () => {
    const current = freshStore(factory);

    it('begin at offset 0 and are empty when new', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('new'));
      expect(queue).to.deep.include({ name: 'tnew', minOffset: 0, maxOffset: 0, nextOffset: 0 });
    });

    it('count what is appended in nextOffset and what is durable in maxOffset', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      publish(store, 't', '1');
      publish(store, 't', '2');
      expect([queue.maxOffset, queue.nextOffset]).to.deep.equal([0, 2]);
      await turn();
      const commit = publish(store, 't', '3');
      expect(queue.nextOffset).to.equal(3);
      await store.committed(commit);
      expect([queue.maxOffset, queue.nextOffset]).to.deep.equal([3, 3]);
    });

    it('have an id of their own that stays', async () => {
      const { store } = current();
      const a = await store.openQueue(topicQueueName('a'));
      const b = await store.openQueue(topicQueueName('b'));
      expect(a.id).not.to.equal(b.id);
      const { id } = a;
      store.closeQueue(a);
      expect((await store.openQueue(topicQueueName('a'))).id).to.equal(id);
    });

    it('share bounds when opened several times, also at once and with the first append', async () => {
      const { store } = current();
      const opening = [1, 2, 3].map(() => store.openQueue(topicQueueName('t')));
      const commit = publish(store, 't', 'x');
      const queues = await Promise.all(opening);
      await store.committed(commit);
      expect(queues.map((queue) => queue.maxOffset)).to.deep.equal([1, 1, 1]);
      expect(new Set(queues.map((queue) => queue.id)).size).to.equal(1);
      store.closeQueue(queues[0] as (typeof queues)[0]);
      await put(store, 't', 'y');
      expect(queues[1]?.maxOffset).to.equal(2);
      expect(store.stats.openQueues).to.be.at.least(1);
    });

    it('are known by what they hold when opened after the append', async () => {
      const { store } = current();
      await put(store, 't', 'a', 'b');
      const queue = await store.openQueue(topicQueueName('t'));
      expect([queue.minOffset, queue.maxOffset]).to.deep.equal([0, 2]);
    });
  });

  describe('tail', () => {
    const current = freshStore(factory);

    it('finds the segment that holds a committed offset, and nothing at the end', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      await put(store, 't', 'a', 'b', 'c');
      await put(store, 't', 'd');
      for (const [offset, payload] of ['a', 'b', 'c', 'd'].entries()) {
        const segment = store.tail(queue, offset) as Segment;
        const index = offset - segment.firstOffset;
        expect(index).to.be.within(0, segment.count - 1);
        expect(recordsOf(segment)[index]?.payload).to.equal(payload);
      }
      expect(store.tail(queue, 4)).to.equal(undefined);
      publish(store, 't', 'not durable yet');
      expect(store.tail(queue, 4)).to.equal(undefined);
    });

    it('gives all readers the same segment, with a memo that stays', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      await put(store, 't', 'a');
      const segment = store.tail(queue, 0) as Segment;
      expect(segment.memo).to.equal(undefined);
      segment.memo = 'encoded';
      expect((store.tail(queue, 0) as Segment).memo).to.equal('encoded');
    });

    it('finds old and new offsets in any order', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      for (let i = 0; i < 60; i++) await put(store, 't', `${String(i)}a`, `${String(i)}b`);
      for (let i = 0; i < 500; i++) {
        const offset = (i * 37) % 120;
        const segment = store.tail(queue, offset) as Segment;
        const record = recordsOf(segment)[offset - segment.firstOffset];
        expect(record?.payload).to.equal(
          `${String(Math.floor(offset / 2))}${offset % 2 === 0 ? 'a' : 'b'}`,
        );
      }
    });
  });
}

function pullSuite(factory: StoreFactory): void {
  describe('pull', () => {
    const current = freshStore(factory);

    it('reads segments in offset order without gaps, the first one holding the offset', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      for (let i = 0; i < 20; i++) await put(store, 't', 'a', 'b', 'c');
      for (const offset of [0, 1, 2, 3, 30, 58, 59]) {
        const result = await store.pull(queue, offset, 1_000, 1 << 20);
        expect(result.status).to.equal(PullStatus.FOUND);
        const [first] = result.segments as [Segment];
        expect(first.firstOffset).to.be.at.most(offset);
        expect(first.firstOffset + first.count).to.be.greaterThan(offset);
        let next = first.firstOffset;
        for (const segment of result.segments) {
          expect(segment.firstOffset).to.equal(next);
          next += segment.count;
        }
        expect(result.nextOffset).to.equal(next);
      }
    });

    it('returns at least one record, however small the limits', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      for (let i = 0; i < 5; i++) await put(store, 't', String(i));
      const all = await readFrom(store, queue, 0, 1);
      expect(all.map((record) => record.payload)).to.deep.equal(['0', '1', '2', '3', '4']);
      const one = await store.pull(queue, 2, 1, 1);
      expect(one.status).to.equal(PullStatus.FOUND);
      expect(one.nextOffset).to.equal(3);
    });

    it('ends with the segment that reaches a limit', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      for (let i = 0; i < 10; i++) await put(store, 't', 'x'.repeat(1_000));
      expect((await store.pull(queue, 0, 3, 1 << 20)).nextOffset).to.equal(3);
      expect((await store.pull(queue, 0, 100, 2_500)).nextOffset).to.equal(3);
    });

    it('says that there is nothing new at the end', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      const empty = await store.pull(queue, 0, 10, 1_000);
      expect(empty).to.deep.equal({
        status: PullStatus.NO_NEW_MSG,
        segments: [],
        nextOffset: 0,
      });
      await put(store, 't', 'a');
      expect((await store.pull(queue, 1, 10, 1_000)).status).to.equal(PullStatus.NO_NEW_MSG);
    });

    it('says that an offset lies beyond the end, and where the end is', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      await put(store, 't', 'a');
      const result = await store.pull(queue, 7, 10, 1_000);
      expect(result).to.deep.equal({
        status: PullStatus.OFFSET_OVERFLOW,
        segments: [],
        nextOffset: 1,
      });
    });

    it('says that records are gone, and where to go on', async () => {
      const { store, expireAll } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      await put(store, 't', 'a', 'b', 'c');
      await expireAll();
      expect([queue.minOffset, queue.maxOffset]).to.deep.equal([3, 3]);
      expect(store.tail(queue, 1)).to.equal(undefined);
      const result = await store.pull(queue, 1, 10, 1_000);
      expect(result).to.deep.equal({
        status: PullStatus.OFFSET_TOO_SMALL,
        segments: [],
        nextOffset: 3,
      });
      await put(store, 't', 'd');
      expect([queue.minOffset, queue.maxOffset]).to.deep.equal([3, 4]);
      expect((await readFrom(store, queue, 3)).map((record) => record.payload)).to.deep.equal([
        'd',
      ]);
      expect(store.stats.recordsExpired).to.be.at.least(3);
      await current().freshFigures?.();
      const { recordsAppended, recordsExpired, recordsStored, bytesStored } = store.stats;
      expect(recordsStored).to.equal(recordsAppended - recordsExpired);
      expect(bytesStored).to.be.above(0);
    });

    it('goes on with the offsets of a queue whose records are all gone but not its consumers', async () => {
      const { store, expireAll } = current();
      await put(store, 't', 'a', 'b');
      const consumed = await store.openQueue(topicQueueName('t'));
      store.commitOffset('c', consumed, 1);
      store.closeQueue(consumed);
      await expireAll();
      const queue = await store.openQueue(topicQueueName('t'));
      expect([queue.minOffset, queue.maxOffset, queue.nextOffset]).to.deep.equal([2, 2, 2]);
    });
  });
}
