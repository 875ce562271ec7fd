import { expect } from 'chai';
import type { KvEngine } from '../../../../src/lmq/embedded/kv-engine.ts';
import { LogBounds } from '../../../../src/lmq/embedded/log-bounds.ts';
import type { LmqQueue } from '../../../../src/lmq/embedded/lmq-queue.ts';
import type { QueueDictionary } from '../../../../src/lmq/embedded/queue-dictionary.ts';
import { QueueIndex } from '../../../../src/lmq/embedded/queue-index.ts';
import { QueueMinimum } from '../../../../src/lmq/embedded/queue-minimum.ts';
import { RecentIndex } from '../../../../src/lmq/embedded/recent-index.ts';
import { QueueTable } from '../../../../src/lmq/embedded/queue-table.ts';
import { DEFAULT_STORE_OPTIONS } from '../../../../src/lmq/embedded/store-options.ts';
import type { CommitTrigger } from '../../../../src/lmq/embedded/commit-part.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';

const MAX_IDLE = 100;

/** A table whose queues are all new, and named at once. */
function newTable(): QueueTable {
  let lastId = 0;
  const dictionary: Pick<QueueDictionary, 'find' | 'assign'> = {
    find: (names) => Promise.resolve(names.map(() => undefined)),
    assign(queue) {
      queue.id = ++lastId;
      queue.isNamed = true;
    },
  };
  // new queues are looked up in no index
  const options = { ...DEFAULT_STORE_OPTIONS, directory: '' };
  const index = new QueueIndex({} as KvEngine, new RecentIndex(options, {} as CommitTrigger));
  const bounds = new LogBounds(1);
  const minimum = new QueueMinimum(index, bounds);
  return new QueueTable(dictionary as QueueDictionary, index, bounds, minimum, MAX_IDLE);
}

async function open(table: QueueTable, prefix: string, count: number): Promise<LmqQueue[]> {
  const names = Array.from({ length: count }, (_, i) => topicQueueName(`${prefix}/${String(i)}`));
  return Promise.all(names.map((name) => table.open(name)));
}

const residents = (table: QueueTable): number => [...table.resident].length;

describe('QueueTable: idle queues', () => {
  it('go as fast as others come, however many one commit touches', async () => {
    const table = newTable();
    for (let round = 0; round < 20; round++) {
      for (const queue of await open(table, `t${String(round)}`, 3_000)) table.close(queue);
      table.evictIdle();
    }
    expect(residents(table)).to.be.below(MAX_IDLE + 3_000);
  });

  it('go where nearly all queues are open, too', async () => {
    const table = newTable();
    await open(table, 'held', 20_000);
    for (let round = 0; round < 60; round++) {
      for (const queue of await open(table, `t${String(round)}`, 500)) table.close(queue);
      table.evictIdle();
    }
    expect(residents(table)).to.be.below(20_000 + MAX_IDLE + 20_000);
    for (let round = 0; round < 100; round++) table.evictIdle();
    expect(residents(table)).to.be.at.most(20_000 + MAX_IDLE);
  });

  it('stay below the limit', async () => {
    const table = newTable();
    for (const queue of await open(table, 't', MAX_IDLE)) table.close(queue);
    for (let round = 0; round < 5; round++) table.evictIdle();
    expect(residents(table)).to.equal(MAX_IDLE);
  });
});
