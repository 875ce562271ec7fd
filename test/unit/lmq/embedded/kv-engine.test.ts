import { expect } from 'chai';
import RocksDB from 'rocksdb';
import sinon from 'sinon';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { FEW_BYTES, type KvEngine } from '../../../../src/lmq/embedded/kv-engine.ts';
import type { RocksDatabase } from '../../../../src/lmq/embedded/rocks-database.ts';
import { rejection } from '../../../conformance/lmq-store/harness.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { openEngine } from './embedded-world.ts';

function bytes(text: string): Buffer {
  return Buffer.from(text);
}

describe('KvEngine', () => {
  let directory: string;
  let engine: KvEngine;

  beforeEach(async () => {
    directory = await makeTempDir();
    engine = openEngine(directory);
    await engine.open();
  });

  afterEach(async () => {
    await engine.close();
    await removeTempDir(directory);
  });

  function put(entries: Record<string, string>, deleted: string[] = []): Promise<void> {
    const batch = engine.batch();
    for (const [key, value] of Object.entries(entries)) batch.put(bytes(key), bytes(value));
    for (const key of deleted) batch.del(bytes(key));
    expect(batch.size).to.equal(Object.keys(entries).length + deleted.length);
    return new Promise((resolve, reject) => {
      batch.write(false, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }

  async function keys(range: Parameters<KvEngine['read']>[0], limit = 100): Promise<string> {
    return (await engine.read(range, limit)).map((entry) => String(entry.key)).join('');
  }

  it('writes batches, the last operation per key counting', async () => {
    await put({ a: '1', b: '2', c: '' }, ['b']);
    const [a, b, c, d] = await engine.getMany(['a', 'b', 'c', 'd'].map(bytes));
    expect([String(a), b, c?.length, d]).to.deep.equal(['1', undefined, 0, undefined]);
    expect(String(await engine.get(bytes('a')))).to.equal('1');
    expect(await engine.getMany([])).to.deep.equal([]);
  });

  it('hands few entries over at a time where clients are served meanwhile, and many where not', async () => {
    await put({ a: '1', b: '2' });
    const { prototype } = RocksDB as unknown as { prototype: RocksDatabase };
    const begun = sinon.spy(prototype, 'iterator');
    try {
      expect(await keys({}, 2)).to.equal('ab');
      for await (const { key } of engine.scan({}, FEW_BYTES)) expect(key.length).to.equal(1);
      for await (const { key } of engine.scan({})) expect(key.length).to.equal(1);
      const portions = begun.args.map(([{ highWaterMark }]) => highWaterMark);
      expect(portions).to.deep.equal([1024, 1024, 256 * 1024]);
    } finally {
      begun.restore();
    }
  });

  it('copies keys and values when they are given', async () => {
    const batch = engine.batch();
    const key = bytes('key');
    const value = bytes('value');
    batch.put(key, value);
    key.fill('x');
    value.fill('x');
    await new Promise((resolve) => {
      batch.write(true, resolve);
    });
    expect(String(await engine.get(bytes('key')))).to.equal('value');
  });

  it('reads ranges in both directions, with limits', async () => {
    await put({ a: '', b: '', c: '', d: '', e: '' });
    expect(await keys({})).to.equal('abcde');
    expect(await keys({ gte: bytes('b'), lt: bytes('d') })).to.equal('bc');
    expect(await keys({ gt: bytes('b'), lte: bytes('d') })).to.equal('cd');
    expect(await keys({ reverse: true }, 2)).to.equal('ed');
    expect(await keys({ gte: bytes('b'), lte: bytes('c5'), reverse: true })).to.equal('cb');
    expect(await keys({ gte: bytes('x') })).to.equal('');
  });

  it('scans as of the call, and ends when left', async () => {
    await put({ a: '', b: '', c: '' });
    let seen = '';
    for await (const { key } of engine.scan({})) {
      seen += String(key);
      await put({ d: '' });
    }
    expect(seen).to.equal('abc');
    for await (const entry of engine.scan({})) {
      expect(String(entry.key)).to.equal('a');
      break;
    }
  });

  it('clears ranges in steps, compacts and measures them', async () => {
    await put({ a: '', b: '', c: '', d: '' });
    await engine.clear({ gte: bytes('b'), lt: bytes('d') }, 1);
    expect(await keys({})).to.equal('acd');
    await engine.clear({ gte: bytes('b'), lt: bytes('d') }, 10);
    expect(await keys({})).to.equal('ad');
    await engine.compact(bytes('a'), bytes('z'));
    expect(await engine.approximateSize(bytes('a'), bytes('z'))).to.be.a('number');
  });

  it('refuses a directory that is in use, by name', async () => {
    const error = await rejection(openEngine(directory).open());
    expect(error).to.be.instanceOf(StoreError);
    expect((error as StoreError).code).to.equal(ErrorCode.STORE_LOCKED);
    expect((error as StoreError).message).to.contain(directory);
  });

  it('refuses calls after close, and closes twice', async () => {
    const scan = engine.scan({})[Symbol.asyncIterator]();
    await engine.close();
    await engine.close();
    const calls = [engine.get(bytes('a')), engine.read({}, 1), scan.next(), engine.clear({}, 1)];
    for (const call of calls) {
      expect(((await rejection(call)) as StoreError).code).to.equal(ErrorCode.STORE_CLOSED);
    }
    expect(() => engine.batch()).to.throw(StoreError);
  });

  it('closes while reads are under way', async () => {
    await put(Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [String(i), 'x'])));
    const scan = engine.scan({})[Symbol.asyncIterator]();
    await scan.next();
    const reads = Promise.allSettled([engine.get(bytes('1')), scan.next(), engine.read({}, 3_000)]);
    await engine.close();
    expect((await reads).length).to.equal(3);
  });
});
