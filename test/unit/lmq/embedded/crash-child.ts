/**
 * Appends to a store for as long as it lives, and says on its standard output what is durable.
 * Arguments: directory, first number to publish, flush type, `journal` when small commits are to go to it, or
 * `lone` when, besides, much is written and each commit is begun when the one before is over, or `joined` when
 * index entries are joined later.
 */
import { createEmbeddedStore } from '../../../../src/lmq/embedded/embedded-store.ts';
import type { FlushDiskType } from '../../../../src/lmq/embedded/store-options.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { publish } from '../../../conformance/lmq-store/harness.ts';

const [directory, first, flushDiskType, journal] = process.argv.slice(2) as [
  string,
  string,
  FlushDiskType,
  string,
];

const isLone = journal === 'lone';
const store = createEmbeddedStore({
  directory,
  flushDiskType,
  journalSmallCommits: journal !== 'no journal' && journal !== 'joined',
  blockBytes: isLone ? 1 << 16 : 2_048,
  writeBufferBytes: 1 << 16,
  ...(journal === 'joined' ? { recentIndexQueues: 2, recentIndexBytes: 2_000 } : {}),
});
await store.start();
await store.acquireFilter('crash/#', Number(first) === 0);
const queue = await store.openQueue(topicQueueName('crash/0'));

/** Last number of each commit. */
const written = new Map<number, number>();
store.onCommit((commit, error) => {
  if (error !== undefined) throw error;
  // The filter may have had a commit of its own, which says nothing about numbers.
  const last = written.get(commit);
  if (last === undefined) return;
  process.stdout.write(`${String(last)}\n`);
  if (isLone) setImmediate(appendSome);
});

let next = Number(first);
function appendSome(): void {
  let commit = 0;
  for (let i = 0; i < (isLone ? 300 : 1) + (next % 17); i++, next++) {
    commit = publish(store, `crash/${String(next % 3)}`, String(next));
  }
  store.putState(StateSpace.SESSION, 'last', Buffer.from(String(next - 1)));
  store.commitOffset('consumer', queue, next - 1);
  written.set(commit, next - 1);
  if (!isLone) setImmediate(appendSome);
}
appendSome();
