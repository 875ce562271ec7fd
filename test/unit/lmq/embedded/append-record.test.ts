import { expect } from 'chai';
import { recordOrigin, recordStoreTime } from '../../../../src/lmq/spi/record.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { recordOf } from '../server/server-world.ts';
import { EmbeddedWorld } from './embedded-world.ts';

describe('appendRecord of the embedded store', () => {
  it('writes the origin and the time into the record, also behind records of its own', async () => {
    const world = new EmbeddedWorld();
    const store = await world.start();
    const topic = store.topic('x');
    const record = recordOf('x', 'payload');
    const body = Buffer.from('own');
    store.append(topic, 0, body, Buffer.alloc(0), 60, body, 0, 3);
    store.appendRecord(topic, record, 0, 65_535);
    store.appendRecord(topic, record, 0, 258);
    await store.committed(store.openCommit);
    const queue = await store.openQueue(topicQueueName('x'));
    const { segments } = await store.pull(queue, 0, 10, 1_000);
    const [segment] = segments;
    if (segment === undefined) throw new Error('nothing stored');
    const { buffer } = segment;
    const positions = Array.from(segment.positions);
    expect(positions.map((at) => recordOrigin(buffer, at))).to.deep.equal([0, 65_535, 258]);
    for (const at of positions) expect(recordStoreTime(buffer, at)).to.equal(world.clock.now());
    expect(recordOrigin(record, 0), 'what was given stays as it is').to.equal(0);
    await world.dispose();
  });
});
