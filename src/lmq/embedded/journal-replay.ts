import { ErrorCode, messageOf, StoreError } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { corrupt } from './corrupt.ts';
import type { Journal, Replayed } from './journal.ts';
import type { KvBatch } from './kv-batch.ts';
import type { KvEngine } from './kv-engine.ts';
import { decodeSequence, encodeSequence, JOURNAL_KEY } from './layout/v1/meta.ts';

/**
 * Gives the engine what a process that died has left in the journal, and tells the log of what damage has taken (ADR 1011).
 * @throws StoreError STORE_CORRUPT or STORE_UNAVAILABLE
 */
export async function replay(journal: Journal, engine: KvEngine, logger: Logger): Promise<void> {
  const { directory } = engine;
  const value = await engine.get(JOURNAL_KEY);
  const sequence = value === undefined ? 0 : decodeSequence(value);
  if (Number.isNaN(sequence)) throw corrupt(directory, "the journal's sequence number");
  const batch = engine.batch();
  let replayed: Replayed;
  try {
    replayed = journal.replay(sequence, batch);
  } catch (error) {
    const message = `cannot read the journal in ${directory}: ${messageOf(error)}`;
    throw new StoreError(ErrorCode.STORE_UNAVAILABLE, message, { cause: error });
  }
  const { last, newest } = replayed;
  if (newest > last) {
    const fields = { directory, commits: newest - last };
    const message =
      "the journal or RocksDB's log is damaged, or the machine has died: commits are lost";
    logger.error(fields, message);
  }
  if (last === sequence) return;
  batch.put(JOURNAL_KEY, encodeSequence(last));
  await write(batch);
}

function write(batch: KvBatch): Promise<void> {
  return new Promise((resolve, reject) => {
    batch.write(false, (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}
