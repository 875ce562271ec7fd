import { expect } from 'chai';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { type Logger, silentLogger } from '../../../../src/common/logger.ts';
import { Journal } from '../../../../src/lmq/embedded/journal.ts';
import { replay } from '../../../../src/lmq/embedded/journal-replay.ts';
import type { KvBatch } from '../../../../src/lmq/embedded/kv-batch.ts';
import type { KvEngine } from '../../../../src/lmq/embedded/kv-engine.ts';
import {
  decodeSequence,
  encodeSequence,
  JOURNAL_KEY,
} from '../../../../src/lmq/embedded/layout/v1/meta.ts';
import { rejection } from '../../../conformance/lmq-store/harness.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';

const CAPACITY = 4096;

/** An engine that has a sequence number and takes one batch, or fails. */
class Engine {
  readonly directory: string;
  /** By key; what a batch has brought, and the sequence number. */
  readonly content = new Map<string, Buffer>();
  batches = 0;
  failure: StoreError | undefined;

  constructor(directory: string, sequence: Buffer | undefined) {
    this.directory = directory;
    if (sequence !== undefined) this.content.set(JOURNAL_KEY.toString(), sequence);
  }

  get sequence(): number {
    return decodeSequence(this.content.get(JOURNAL_KEY.toString()) ?? Buffer.alloc(0));
  }

  get(key: Buffer): Promise<Buffer | undefined> {
    return Promise.resolve(this.content.get(key.toString()));
  }

  batch(): KvBatch {
    const writes = new Map<string, Buffer>();
    return {
      size: 0,
      put: (key, value) => {
        writes.set(key.toString(), Buffer.from(value));
      },
      del: (key) => {
        throw new Error(`deleted ${key.toString()}`);
      },
      write: (_, callback) => {
        this.batches++;
        if (this.failure === undefined) {
          for (const [key, value] of writes) this.content.set(key, value);
        }
        setImmediate(callback, this.failure);
        return false;
      },
    };
  }
}

describe('replay', () => {
  let directory: string;
  let journal: Journal;

  beforeEach(async () => {
    directory = await makeTempDir();
    journal = new Journal(directory, CAPACITY);
  });
  afterEach(async () => {
    journal.close(false);
    await removeTempDir(directory);
  });

  function entries(first: number, last: number): void {
    for (let sequence = first; sequence <= last; sequence++) {
      journal.begin(CAPACITY);
      journal.add(Buffer.from(`k${String(sequence)}`), Buffer.from('v'));
      journal.write(sequence);
    }
  }

  function engineWith(sequence: Buffer | undefined): Engine & KvEngine {
    return new Engine(directory, sequence) as unknown as Engine & KvEngine;
  }

  it('gives the engine what it lacks, with the number of the last entry in the same write', async () => {
    entries(7, 9);
    const engine = engineWith(encodeSequence(7));
    await replay(journal, engine, silentLogger);
    expect([...engine.content.keys()]).to.deep.equal([JOURNAL_KEY.toString(), 'k8', 'k9']);
    expect(engine.sequence).to.equal(9);
    expect(engine.batches).to.equal(1);
  });

  it('does so for one that has never had an entry', async () => {
    entries(1, 2);
    const engine = engineWith(undefined);
    await replay(journal, engine, silentLogger);
    expect(engine.sequence).to.equal(2);
  });

  it('writes nothing where nothing is missing, and goes back to no older number', async () => {
    entries(1, 2);
    for (const sequence of [2, 5]) {
      const engine = engineWith(encodeSequence(sequence));
      await replay(journal, engine, silentLogger);
      expect([engine.batches, engine.sequence]).to.deep.equal([0, sequence]);
    }
  });

  it('tells the log how many commits damage has taken, and goes on with what is before it', async () => {
    entries(7, 12);
    const path = join(directory, 'journal');
    const bytes = await readFile(path);
    // The second of six entries of the same length.
    bytes.writeUInt8(1, Math.floor(bytes.length / 6) + 20);
    await writeFile(path, bytes);
    const told: object[] = [];
    const logger: Logger = { ...silentLogger, error: (fields) => told.push(fields) };
    const engine = engineWith(encodeSequence(6));
    await replay(journal, engine, logger);
    expect([...engine.content.keys()]).to.deep.equal([JOURNAL_KEY.toString(), 'k7']);
    expect(told).to.deep.equal([{ directory, commits: 5 }]);
  });

  it('tells the log of entries that follow what the engine has lost', async () => {
    entries(7, 9);
    const told: object[] = [];
    const logger: Logger = { ...silentLogger, error: (fields) => told.push(fields) };
    const engine = engineWith(encodeSequence(3));
    await replay(journal, engine, logger);
    expect([engine.batches, engine.sequence]).to.deep.equal([0, 3]);
    expect(told).to.deep.equal([{ directory, commits: 6 }]);
  });

  it('tells the log nothing when the end of the process has cut off the last entry', async () => {
    entries(13, 18);
    journal.restart();
    entries(19, 20);
    const path = join(directory, 'journal');
    const bytes = await readFile(path);
    // Six entries of the same length: the second one is the last one written.
    const { length } = bytes;
    bytes.fill(0, length / 6 + 20, length / 3);
    await writeFile(path, bytes);
    const logger: Logger = { ...silentLogger, error: () => expect.fail('told') };
    const engine = engineWith(encodeSequence(18));
    await replay(journal, engine, logger);
    expect(engine.sequence).to.equal(19);
  });

  it('refuses a number that is none', async () => {
    entries(1, 2);
    const engine = engineWith(Buffer.alloc(3));
    const error = await rejection(replay(journal, engine, silentLogger));
    expect(error).to.be.instanceOf(StoreError).with.property('code', ErrorCode.STORE_CORRUPT);
    expect(engine.batches).to.equal(0);
  });

  it('fails when the engine does not take it, or the file cannot be read', async () => {
    entries(1, 2);
    const engine = engineWith(undefined);
    engine.failure = new StoreError(ErrorCode.STORE_UNAVAILABLE, 'full');
    expect(await rejection(replay(journal, engine, silentLogger))).to.equal(engine.failure);

    await mkdir(join(directory, 'other', 'journal'), { recursive: true });
    const unreadable = new Journal(join(directory, 'other'), CAPACITY);
    const error = await rejection(replay(unreadable, engineWith(undefined), silentLogger));
    expect(error).to.be.instanceOf(StoreError).with.property('code', ErrorCode.STORE_UNAVAILABLE);
  });
});
