import { expect } from 'chai';
import {
  recordOrigin,
  recordPayload,
  recordStoreTime,
  recordTopic,
} from '../../../../src/lmq/spi/record.ts';
import { positionAt } from '../../../../src/lmq/spi/record-segment.ts';
import { peerQueueName, topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { type Segment, StateSpace } from '../../../../src/lmq/spi/types.ts';
import { recordOf } from '../server/server-world.ts';
import { messageHead } from '../../../helpers/message-head.ts';
import { EmbeddedWorld } from './embedded-world.ts';

function positionsOf(segment: Segment): number[] {
  return Array.from({ length: segment.count }, (_, i) =>
    positionAt(segment, segment.firstOffset + i),
  );
}

describe('appendRecord of the embedded store', () => {
  it('writes the origin and the time into the record, also behind records of its own', async () => {
    const world = new EmbeddedWorld();
    const store = await world.start();
    const topic = store.topic('x');
    const record = recordOf('x', 'payload');
    const body = Buffer.from('own');
    store.append(topic, messageHead({ publisher: body, expirySeconds: 60 }), body, 0, 3);
    store.appendRecord(topic, record, 0, 65_535);
    store.appendRecord(topic, record, 0, 258);
    await store.committed(store.openCommit);
    const queue = await store.openQueue(topicQueueName('x'));
    const { segments } = await store.pull(queue, 0, 10, 1_000);
    const [segment] = segments;
    if (segment === undefined) throw new Error('nothing stored');
    const { buffer } = segment;
    const positions = positionsOf(segment);
    expect(positions.map((at) => recordOrigin(buffer, at))).to.deep.equal([0, 65_535, 258]);
    for (const at of positions) expect(recordStoreTime(buffer, at)).to.equal(world.clock.now());
    expect(recordOrigin(record, 0), 'what was given stays as it is').to.equal(0);
    await world.dispose();
  });

  it('brings records of any topic to one queue alone, whatever else the topics have', async () => {
    const world = new EmbeddedWorld();
    const store = await world.start();
    const all = await store.acquireFilter('#', false);
    const one = await store.openQueue(peerQueueName('one'));
    const two = await store.openQueue(peerQueueName('two'));
    const [a, b] = [recordOf('a', 'first'), recordOf('b', 'second')];
    for (const queue of [one, two, one]) store.appendToQueue!(queue, a, 0);
    store.appendToQueue!(one, Buffer.concat([Buffer.of(9), b]), 1);
    await store.committed(store.openCommit);
    expect([one, two, all].map(({ maxOffset }) => maxOffset)).to.deep.equal([3, 1, 0]);
    const { segments } = await store.pull(one, 0, 10, 1_000);
    const found = segments.flatMap((segment) =>
      positionsOf(segment).map((at) => [
        recordTopic(segment.buffer, at),
        recordPayload(segment.buffer, at).toString(),
        recordStoreTime(segment.buffer, at),
      ]),
    );
    const now = world.clock.now();
    expect(found).to.deep.equal([
      ['a', 'first', now],
      ['a', 'first', now],
      ['b', 'second', now],
    ]);
    await world.dispose();
  });

  it('keeps a copy of a state record, or the record itself where it is given away', async () => {
    const world = new EmbeddedWorld();
    const store = await world.start();
    const value = Buffer.from('value');
    store.putState(StateSpace.RETAINED, 'copied', value);
    value.fill('x');
    store.putState(StateSpace.RETAINED, 'given', value, true);
    const read = (key: string): Promise<Buffer | undefined> =>
      store.getState(StateSpace.RETAINED, key);
    expect(await read('given')).to.equal(value);
    await store.committed(store.openCommit);
    expect((await read('copied'))?.toString()).to.equal('value');
    expect((await read('given'))?.toString()).to.equal('xxxxx');
    await world.dispose();
  });
});
