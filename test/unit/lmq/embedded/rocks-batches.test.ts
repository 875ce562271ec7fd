import { expect } from 'chai';
import RocksDB from 'rocksdb';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import type { KvBatch } from '../../../../src/lmq/embedded/kv-batch.ts';
import { RocksBatches } from '../../../../src/lmq/embedded/rocks-batches.ts';
import type {
  RocksChainedBatch,
  RocksDatabase,
} from '../../../../src/lmq/embedded/rocks-database.ts';
import { rejection } from '../../../conformance/lmq-store/harness.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';

const KEY = Buffer.from('key');
const VALUE = Buffer.from('value');
const MIB = 1024 * 1024;

function write(batch: KvBatch): Promise<void> {
  return new Promise((resolve, reject) => {
    batch.write(false, (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}

async function writeOne(batches: RocksBatches, value = VALUE): Promise<void> {
  const batch = batches.begin();
  batch.put(KEY, value);
  await write(batch);
}

/** In place of a database: its batches, and what the next write comes to. */
class Counted {
  batches = 0;

  /** What each write had, keys alone. */
  written: string[] = [];
  failure: Error | undefined;
  isFlagged = true;

  batch(): RocksChainedBatch {
    this.batches++;
    let keys: string[] = [];
    const batch: RocksChainedBatch = {
      put: (key) => {
        keys.push(String(key));
      },
      del: (key) => {
        keys.push(`-${String(key)}`);
      },
      clear: () => {
        if (batch._written === true) throw new Error('clear() of a written batch');
        keys = [];
      },
      write: (_, done) => {
        if (this.isFlagged) batch._written = true;
        this.written.push(keys.join());
        setImmediate(done, this.failure);
      },
    };
    return batch;
  }
}

describe('RocksBatches', () => {
  describe('of a counted database', () => {
    let database: Counted;
    let batches: RocksBatches;

    beforeEach(() => {
      database = new Counted();
      batches = new RocksBatches(
        database as unknown as RocksDatabase,
        (error) => new StoreError(ErrorCode.STORE_UNAVAILABLE, error.message),
      );
    });

    it('fills a batch again when it has been written, from the beginning', async () => {
      const first = batches.begin();
      first.put(KEY, VALUE);
      first.del(Buffer.from('gone'));
      await write(first);
      const second = batches.begin();
      second.put(Buffer.from('other'), VALUE);
      await write(second);
      expect(database.written).to.deep.equal(['key,-gone', 'other']);
      expect(database.batches).to.equal(1);
      expect([first.size, second.size]).to.deep.equal([2, 1]);
    });

    it('takes one at a time, and keeps two', async () => {
      for (let round = 0; round < 3; round++) {
        await Promise.all([writeOne(batches), writeOne(batches), writeOne(batches)]);
      }
      expect(database.batches).to.equal(3 + 1 + 1);
    });

    it('fills a batch again whose write has failed', async () => {
      database.failure = new Error('no space');
      expect(await rejection(writeOne(batches))).to.be.instanceOf(StoreError);
      database.failure = undefined;
      await writeOne(batches);
      expect(database.written).to.deep.equal(['key', 'key']);
      expect(database.batches).to.equal(1);
    });

    it('refuses what comes after write(), which would go to another commit', async () => {
      const batch = batches.begin();
      const written = write(batch);
      expect(() => {
        batch.put(KEY, VALUE);
      }).to.throw('write() was called');
      await written;
      expect(() => {
        batch.del(KEY);
      }).to.throw('write() was called');
      expect(() => batch.write(false, () => undefined)).to.throw('write() was called');
      expect(database.written).to.deep.equal(['']);
    });

    it('gives a batch up that has held more than 8 MiB, and any after 1,024 uses', async () => {
      await writeOne(batches, Buffer.alloc(8 * MIB));
      await writeOne(batches);
      expect(database.batches).to.equal(2);
      for (let use = 1; use < 1024; use++) await writeOne(batches);
      expect(database.batches).to.equal(2);
      await writeOne(batches);
      expect(database.batches).to.equal(3);
    });

    it('uses none twice of a package that does not say what has been written', async () => {
      database.isFlagged = false;
      await writeOne(batches);
      await writeOne(batches);
      expect(database.batches).to.equal(2);
    });
  });

  it('fills batches of the RocksDB package again', async () => {
    const directory = await makeTempDir();
    const database = new (RocksDB as unknown as new (directory: string) => RocksDatabase)(
      directory,
    );
    await new Promise<void>((resolve, reject) => {
      database.open(
        {
          createIfMissing: true,
          cacheSize: MIB,
          writeBufferSize: MIB,
          maxOpenFiles: 100,
          compression: false,
        },
        (error) => {
          if (error) reject(error);
          else resolve();
        },
      );
    });
    let made = 0;
    const counted = {
      batch: () => {
        made++;
        return database.batch();
      },
    };
    const batches = new RocksBatches(counted as unknown as RocksDatabase, () => {
      throw new Error('unexpected');
    });
    const put = batches.begin();
    put.put(Buffer.from('a'), VALUE);
    put.put(Buffer.from('b'), VALUE);
    await write(put);
    const drop = batches.begin();
    drop.del(Buffer.from('a'));
    await write(drop);
    await writeOne(batches);
    const values = await new Promise<(Buffer | null | undefined)[]>((resolve, reject) => {
      const keys = ['a', 'b', 'key'].map((key) => Buffer.from(key));
      database.getMany(keys, { fillCache: false }, (error, found) => {
        if (error) reject(error);
        else resolve(found);
      });
    });
    await new Promise((resolve) => {
      database.close(resolve);
    });
    await removeTempDir(directory);
    expect(values.map((value) => value?.toString())).to.deep.equal([undefined, 'value', 'value']);
    expect(made).to.equal(1);
  });
});
