import { mkdir, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ErrorCode, StoreError } from '../../common/errors.ts';
import { unlessMissing } from '../../common/is-missing.ts';
import { syncDirectory } from '../../common/sync-directory.ts';
import type { BackupProgress } from '../spi/store-backup.ts';
import type { KvEngine } from './kv-engine.ts';

/** Written at a time: little, so that the event loop has other things to do between. */
const BATCH_BYTES = 256 * 1024;
/** Between two calls of `tell`. */
const TELL_BYTES = 16 * 1024 * 1024;
/** Room that a backup leaves to the store, beside as much as the store itself takes. */
const RESERVE_BYTES = 64 * 1024 * 1024;

export interface BackupOptions {
  readonly engine: KvEngine;
  /** An engine for a new directory, not open. */
  readonly create: (directory: string) => KvEngine;
  readonly directory: string;
  readonly tell: (progress: BackupProgress) => void;
  readonly signal: AbortSignal;
}

/**
 * Copies an engine that is at work, by reading all of it as of one moment. The engine's own checkpoints, which would
 * link its files, are not in the binding (ADR 532).
 */
export async function backUp(options: BackupOptions): Promise<BackupProgress> {
  const { engine, directory } = options;
  const draft = `${directory}.part`;
  await mkdir(dirname(directory), { recursive: true });
  await requireRoom(engine.directory, dirname(directory));
  // What an interrupted one has left.
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft);
  try {
    const progress = await copyTo(options, draft);
    await rename(draft, directory);
    await syncDirectory(dirname(directory));
    return progress;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

async function copyTo(
  { engine, create, tell, signal }: BackupOptions,
  draft: string,
): Promise<BackupProgress> {
  const target = create(draft);
  await target.open();
  try {
    let entries = 0;
    let bytes = 0;
    let told = 0;
    let batch = target.batch();
    let batchBytes = 0;
    for await (const { key, value } of engine.scan({})) {
      batch.put(key, value);
      entries++;
      batchBytes += key.length + value.length;
      if (batchBytes < BATCH_BYTES) continue;
      signal.throwIfAborted();
      await written(batch, false);
      bytes += batchBytes;
      batchBytes = 0;
      batch = target.batch();
      if (bytes - told < TELL_BYTES) continue;
      told = bytes;
      tell({ entries, bytes });
    }
    // Also what was written before it: the disk has all of the copy, not only the operating system.
    await written(batch, true);
    return { entries, bytes: bytes + batchBytes };
  } finally {
    await target.close();
  }
}

function written(batch: ReturnType<KvEngine['batch']>, sync: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const isDurable = batch.write(sync, (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
    if (isDurable) resolve();
  });
}

/** @throws StoreError STORE_LIMIT (rejection): a full disk would end the store too */
async function requireRoom(source: string, parent: string): Promise<void> {
  let needed = RESERVE_BYTES;
  for (const name of await readdir(source)) {
    // The engine may have removed it meanwhile.
    const facts = await unlessMissing(stat(join(source, name)));
    if (facts?.isFile() === true) needed += facts.size;
  }
  const { bavail, bsize } = await statfs(parent);
  const free = bavail * bsize;
  if (free >= needed) return;
  throw new StoreError(
    ErrorCode.STORE_LIMIT,
    `${parent} has ${String(free)} bytes free, and a backup may need ${String(needed)}`,
  );
}
