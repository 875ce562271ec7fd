import { expect } from 'chai';
import { readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, silentLogger } from '../../../../src/common/logger.ts';
import { damageOfRecovery } from '../../../../src/lmq/embedded/recovery-log.ts';
import type { KvEngine } from '../../../../src/lmq/embedded/kv-engine.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { openEngine } from './embedded-world.ts';

const ENTRIES = 400;
/** Enough for several blocks of RocksDB's log, which are 32 KiB. */
const VALUE = Buffer.alloc(500, 'v');

describe('damageOfRecovery', () => {
  let directory: string;
  let engine: KvEngine | undefined;
  let told: object[];
  const logger: Logger = { ...silentLogger, error: (fields) => told.push(fields) };

  beforeEach(async () => {
    directory = await makeTempDir();
    told = [];
  });
  afterEach(async () => {
    await engine?.close();
    await removeTempDir(directory);
  });

  /** A log of `ENTRIES` batches, of which nothing is in another file. */
  async function written(): Promise<string> {
    const writing = openEngine(directory);
    await writing.open();
    for (let i = 0; i < ENTRIES; i++) {
      const batch = writing.batch();
      batch.put(Buffer.from(`k${String(i).padStart(4, '0')}`), VALUE);
      await new Promise((resolve) => batch.write(false, resolve));
    }
    await writing.close();
    const names = await readdir(directory);
    return join(directory, names.find((name) => name.endsWith('.log')) ?? '');
  }

  async function found(): Promise<number> {
    engine = openEngine(directory, logger);
    await engine.open();
    return (await engine.read({}, ENTRIES)).length;
  }

  it('tells of a hole in the log, which RocksDB does not', async () => {
    const path = await written();
    const bytes = await readFile(path);
    const at = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    await writeFile(path, bytes);
    expect(await found()).to.be.within(ENTRIES / 2, ENTRIES - 1);
    expect(told).to.have.length(1);
    expect(told[0]).to.include({ directory });
    expect(told[0])
      .to.have.property('damage')
      .that.matches(/^\d+\.log: Corruption: /);
  });

  it('tells of nothing when all is there', async () => {
    await written();
    expect(await found()).to.equal(ENTRIES);
    expect(told).to.deep.equal([]);
  });

  it('tells of nothing when the last write is cut off: nobody had an answer', async () => {
    const path = await written();
    await truncate(path, (await stat(path)).size - 100);
    expect(await found()).to.equal(ENTRIES - 1);
    expect(told).to.deep.equal([]);
  });

  it('keeps no logs of earlier openings, and finds no damage where there is no log', async () => {
    for (let i = 0; i < 3; i++) await written();
    const names = (await readdir(directory)).filter((name) => name.startsWith('LOG'));
    expect(names).to.deep.equal(['LOG']);
    await rm(join(directory, 'LOG'));
    expect(await damageOfRecovery(directory)).to.deep.equal([]);
  });
});
