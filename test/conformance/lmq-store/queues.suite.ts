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
import { type Segment } from '../../../src/lmq/spi/types.ts';
import {
  freshStore,
  payloads,
  publish,
  put,
  readFrom,
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
}
