import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import type { KvEngine } from '../../../../src/lmq/embedded/kv-engine.ts';
import { Keyspace, keyspaceRange } from '../../../../src/lmq/embedded/layout/v1/keyspace.ts';
import { logKey } from '../../../../src/lmq/embedded/layout/v1/log-key.ts';
import {
  encodeFormat,
  FORMAT_KEY,
  LOG_END_KEY,
} from '../../../../src/lmq/embedded/layout/v1/meta.ts';
import { nameKey } from '../../../../src/lmq/embedded/layout/v1/name-key.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { put, rejection } from '../../../conformance/lmq-store/harness.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { EmbeddedWorld, openEngine } from './embedded-world.ts';
import { createEmbeddedStore } from '../../../../src/lmq/embedded/embedded-store.ts';

function write(engine: KvEngine, key: Buffer, value: Buffer | undefined): Promise<void> {
  const batch = engine.batch();
  if (value === undefined) batch.del(key);
  else batch.put(key, value);
  return new Promise((resolve, reject) => {
    batch.write(false, (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}

async function expectRefusal(
  promise: Promise<unknown>,
  code: ErrorCode,
  text: RegExp,
): Promise<void> {
  const error = await rejection(promise);
  expect(error).to.be.instanceOf(StoreError);
  expect((error as StoreError).code).to.equal(code);
  expect((error as StoreError).message).to.match(text);
}

describe('recovery', () => {
  let world: EmbeddedWorld;

  beforeEach(async () => {
    world = new EmbeddedWorld({ tailBytes: 0 });
    const store = await world.start();
    await put(store, 't', 'a', 'b');
    await put(store, 't', 'c');
  });

  afterEach(() => world.dispose());

  /** Changes the data of the stopped store. */
  async function tamper(change: (engine: KvEngine) => Promise<void>): Promise<void> {
    await world.store.stop();
    const engine = openEngine(world.directory);
    await engine.open();
    await change(engine);
    await engine.close();
  }

  async function pull(): Promise<unknown> {
    const store = await world.reopen();
    const queue = await store.openQueue(topicQueueName('t'));
    return store.pull(queue, 0, 10, 1_000);
  }

  it('refuses a directory that another store has open, by name', async () => {
    const second = createEmbeddedStore({ directory: world.directory });
    await expectRefusal(second.start(), ErrorCode.STORE_LOCKED, new RegExp(world.directory));
  });

  it('refuses a directory with other things in it, and leaves them alone', async () => {
    const directory = await makeTempDir();
    await writeFile(join(directory, 'holiday.jpg'), 'x');
    await expectRefusal(
      createEmbeddedStore({ directory }).start(),
      ErrorCode.STORE_CORRUPT,
      /holiday\.jpg/,
    );
    expect(await readdir(directory)).to.deep.equal(['holiday.jpg']);
    await removeTempDir(directory);
  });

  it('refuses a place where no directory can be, by name', async () => {
    const directory = await makeTempDir();
    await writeFile(join(directory, 'file'), 'x');
    const inside = join(directory, 'file', 'data');
    await expectRefusal(
      createEmbeddedStore({ directory: inside }).start(),
      ErrorCode.STORE_UNAVAILABLE,
      new RegExp(inside),
    );
    await removeTempDir(directory);
  });

  it('makes missing directories, and goes on after a creation that was cut off', async () => {
    const parent = await makeTempDir();
    const directory = join(parent, 'a', 'b');
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'LOCK'), '');
    await writeFile(join(directory, 'MANIFEST-000001'), 'cut');
    const store = createEmbeddedStore({ directory });
    await store.start();
    await store.stop();
    await removeTempDir(parent);
  });

  it('refuses a database whose CURRENT file is gone instead of making a new one over it', async () => {
    await world.store.stop();
    await rm(join(world.directory, 'CURRENT'));
    await expectRefusal(world.start(), ErrorCode.STORE_CORRUPT, /holds no database/);
  });

  it('refuses the database of another program', async () => {
    await tamper((engine) => write(engine, FORMAT_KEY, undefined));
    await expectRefusal(world.start(), ErrorCode.STORE_CORRUPT, /another program/);
  });

  it('refuses another format version, and names both', async () => {
    await tamper((engine) => write(engine, FORMAT_KEY, encodeFormat(2)));
    await expectRefusal(world.start(), ErrorCode.STORE_CORRUPT, /version 2.*version 1/);
  });

  it('refuses a format record that is not ours', async () => {
    await tamper((engine) => write(engine, FORMAT_KEY, Buffer.from('other')));
    await expectRefusal(world.start(), ErrorCode.STORE_CORRUPT, /format record 0x/);
  });

  it('refuses a log without its newest block', async () => {
    await tamper((engine) => write(engine, logKey(1), undefined));
    await expectRefusal(
      world.start(),
      ErrorCode.STORE_CORRUPT,
      /ends before block 1.*recorded as 2/,
    );
  });

  it('refuses a log whose end is unreadable', async () => {
    await tamper((engine) => write(engine, LOG_END_KEY, Buffer.from('x')));
    await expectRefusal(world.start(), ErrorCode.STORE_CORRUPT, /end/);
  });

  it('refuses a damaged filter', async () => {
    await world.store.committed(world.store.pinFilter('a/#'));
    await tamper(async (engine) => {
      const [entry] = await engine.read(keyspaceRange(Keyspace.FILTER), 1);
      await write(engine, (entry as { key: Buffer }).key, Buffer.from('x'));
    });
    await expectRefusal(world.start(), ErrorCode.STORE_CORRUPT, /filter a\/#/);
  });

  it('refuses a changed block when it is read, and does not change it', async () => {
    let damaged: Buffer | undefined;
    await tamper(async (engine) => {
      const block = (await engine.get(logKey(0))) as Buffer;
      block[40] = (block[40] as number) ^ 1;
      damaged = block;
      await write(engine, logKey(0), block);
    });
    await expectRefusal(pull(), ErrorCode.STORE_CORRUPT, /block 0 .*checksum/);
    await tamper(async (engine) => {
      expect((await engine.get(logKey(0)))?.equals(damaged as Buffer)).to.equal(true);
    });
  });

  it('refuses a missing block when it is read', async () => {
    await tamper((engine) => write(engine, logKey(0), undefined));
    await expectRefusal(pull(), ErrorCode.STORE_CORRUPT, /block 0 .*missing/);
  });

  it('refuses a damaged index entry, and a missing one', async () => {
    let key: Buffer | undefined;
    await tamper(async (engine) => {
      const [entry] = await engine.read(keyspaceRange(Keyspace.INDEX), 1);
      key = entry?.key;
      await write(engine, key as Buffer, Buffer.from([0xe1, 200]));
    });
    await expectRefusal(pull(), ErrorCode.STORE_CORRUPT, /index entry .*offset 0/);
    await tamper((engine) => write(engine, key as Buffer, undefined));
    await expectRefusal(pull(), ErrorCode.STORE_CORRUPT, /no index entry .*offset 0/);
  });

  it('refuses a damaged id', async () => {
    await tamper((engine) => write(engine, nameKey('tt'), Buffer.from('x')));
    await expectRefusal(pull(), ErrorCode.STORE_CORRUPT, /queue tt/);
  });
});
