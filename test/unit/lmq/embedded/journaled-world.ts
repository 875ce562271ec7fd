import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '../../../../src/common/logger.ts';
import { JournaledEngine } from '../../../../src/lmq/embedded/journaled-engine.ts';
import type { KvBatch } from '../../../../src/lmq/embedded/kv-batch.ts';
import type { KvEngine } from '../../../../src/lmq/embedded/kv-engine.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { ManualClock } from '../manual-clock.ts';
import { openEngine } from './embedded-world.ts';

export function bytes(text: string): Buffer {
  return Buffer.from(text);
}

/** Writes, and says whether it was durable at once. */
export async function write(
  batch: KvBatch,
  entries: Record<string, string | undefined>,
  sync = false,
): Promise<boolean> {
  for (const [key, value] of Object.entries(entries)) {
    if (value === undefined) batch.del(bytes(key));
    else batch.put(bytes(key), bytes(value));
  }
  let isAtOnce = false;
  await new Promise<void>((resolve, reject) => {
    isAtOnce = batch.write(sync, (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
    if (isAtOnce) resolve();
  });
  return isAtOnce;
}

/** All entries with the beginning of their values. */
export async function content(of: KvEngine): Promise<string> {
  const entries = await of.read({ gte: bytes('a') }, 1000);
  return entries.map(({ key, value }) => `${String(key)}=${String(value).slice(0, 3)}`).join();
}

/** Engines with a journal in temporary directories, and what is left of them after a kill. */
export class JournaledWorld {
  readonly clock: ManualClock = new ManualClock();
  readonly #directories: string[] = [];
  readonly #engines: KvEngine[] = [];

  async makeDirectory(): Promise<string> {
    const made = await makeTempDir();
    this.#directories.push(made);
    return made;
  }

  async open(path: string): Promise<JournaledEngine> {
    const opened = new JournaledEngine(openEngine(path), this.clock, silentLogger, true);
    await opened.open();
    this.add(opened);
    // The first write goes to the engine, whatever it is.
    await write(opened.batch(), { 0: '' });
    return opened;
  }

  /** Is closed in the end. */
  add(engine: KvEngine): void {
    this.#engines.push(engine);
  }

  /** What a process that is killed now leaves behind, opened again. */
  async afterKill(directory: string): Promise<JournaledEngine> {
    for (let attempt = 0; ; attempt++) {
      const copy = join(await this.makeDirectory(), 'copy');
      try {
        await cp(directory, copy, { recursive: true });
        return await this.open(copy);
      } catch (error) {
        // RocksDB removes files in its own time, and a copy is not made in one moment.
        if (attempt === 5) throw error;
      }
    }
  }

  async end(): Promise<void> {
    for (const opened of this.#engines.splice(0)) await opened.close();
    for (const path of this.#directories.splice(0)) await removeTempDir(path);
  }
}
