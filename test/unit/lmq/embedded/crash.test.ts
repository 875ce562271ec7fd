import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { createEmbeddedStore } from '../../../../src/lmq/embedded/embedded-store.ts';
import { FlushDiskType } from '../../../../src/lmq/embedded/store-options.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { filterQueueName, topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { payloads } from '../../../conformance/lmq-store/harness.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { Random } from '../../../helpers/random.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';

const CHILD = fileURLToPath(new URL('crash-child.ts', import.meta.url));
const ROUNDS = 4;
/** Commits that a child makes before it is killed, from and up to, and how long it goes on, ms. Each of SYNC_FLUSH waits for the disk. */
const LIVES = {
  [FlushDiskType.ASYNC_FLUSH]: { fewest: 10, most: 70, longerMs: 30 },
  [FlushDiskType.SYNC_FLUSH]: { fewest: 3, most: 9, longerMs: 300 },
};

/** How long a child may take for what it is waited for. */
const LIFE_MS = 120_000;

/**
 * Lets a child append until it has said `reports` times what is durable, and `ms` longer; kills it then. Returns the
 * last number that it said.
 */
async function appendUntilKilled(
  directory: string,
  first: number,
  mode: readonly [FlushDiskType, string],
  reports: number,
  ms: number,
): Promise<number> {
  const child = spawn(
    process.execPath,
    ['--import=ts-blank-space/register', CHILD, directory, String(first), ...mode],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  child.stdout.setEncoding('utf8');
  const closed = once(child, 'close');
  child.stdout.on('data', (text: string) => {
    output += text;
  });
  const said = (): string[] => output.split('\n').slice(0, -1); // the last is empty, or cut off by the kill
  const isOver = (): boolean => said().length >= reports || child.exitCode !== null;
  try {
    await eventually(`${String(reports)} commits`, isOver, LIFE_MS);
    await sleep(ms);
  } finally {
    child.kill('SIGKILL');
  }
  const [, signal] = (await closed) as [number | null, string | null];
  expect(signal, 'how the child ended').to.equal('SIGKILL');
  return Number(said().at(-1));
}

/** Length of the first entry in the journal; 0 when there is none. */
async function firstEntryBytes(directory: string): Promise<number> {
  const bytes = await readFile(join(directory, 'journal')).catch(() => Buffer.alloc(0));
  return bytes.length < 4 ? 0 : bytes.readUInt32BE(0);
}

/** What is in the store is a prefix of what was written, in order, and consistent; returns how long it is. */
async function checkContent(store: LmqStore): Promise<number> {
  const all = (await payloads(store, filterQueueName('crash/#'))).map(Number);
  for (const [i, n] of all.entries()) if (n !== i) expect(n).to.equal(i);
  for (const topic of [0, 1, 2]) {
    const some = (await payloads(store, topicQueueName(`crash/${String(topic)}`))).map(Number);
    expect(some).to.deep.equal(all.filter((n) => n % 3 === topic));
  }
  const last = String(all.length - 1);
  expect(String(await store.getState(StateSpace.SESSION, 'last'))).to.equal(last);
  const queue = await store.openQueue(topicQueueName('crash/0'));
  expect(String(await store.loadOffset('consumer', queue))).to.equal(last);
  return all.length;
}

describe('EmbeddedStore after SIGKILL', function () {
  this.timeout(ROUNDS * LIFE_MS);

  for (const [flushDiskType, journal] of [
    [FlushDiskType.ASYNC_FLUSH, 'no journal'],
    [FlushDiskType.ASYNC_FLUSH, 'journal'],
    [FlushDiskType.ASYNC_FLUSH, 'lone'],
    [FlushDiskType.ASYNC_FLUSH, 'joined'],
    [FlushDiskType.SYNC_FLUSH, 'no journal'],
  ] as const) {
    it(`has all that it reported durable, and each commit as a whole (${flushDiskType}, ${journal})`, async () => {
      const random = Random.fromEnvironment();
      const { fewest, most, longerMs } = LIVES[flushDiskType];
      const directory = await makeTempDir();
      try {
        let length = 0;
        let largest = 0;
        for (let round = 0; round < ROUNDS; round++) {
          const reports = fewest + random.below(most - fewest);
          const mode = [flushDiskType, journal] as const;
          const longer = random.below(longerMs);
          const durable = await appendUntilKilled(directory, length, mode, reports, longer);
          largest = Math.max(largest, await firstEntryBytes(directory));
          const store = createEmbeddedStore({ directory });
          await store.start();
          length = await checkContent(store);
          await store.stop();
          expect(length, `seed ${String(random.seed)}`).to.be.greaterThan(durable);
        }
        // At low rates entries are of 8 KiB at most.
        if (journal === 'lone') expect(largest).to.be.above(8192);
      } finally {
        await removeTempDir(directory);
      }
    });
  }
});
