import { expect } from 'chai';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { JOURNAL_BYTES } from '../../../../src/lmq/embedded/journal.ts';
import { JournaledEngine } from '../../../../src/lmq/embedded/journaled-engine.ts';
import type { KvBatch } from '../../../../src/lmq/embedded/kv-batch.ts';
import type { KvEngine } from '../../../../src/lmq/embedded/kv-engine.ts';
import { rejection } from '../../../conformance/lmq-store/harness.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { Random } from '../../../helpers/random.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { ManualClock } from '../manual-clock.ts';
import { openEngine } from './embedded-world.ts';

function bytes(text: string): Buffer {
  return Buffer.from(text);
}

/** Writes, and says whether it was durable at once. */
async function write(batch: KvBatch, entries: Record<string, string | undefined>, sync = false) {
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

const LARGE = 'x'.repeat(9000);

describe('JournaledEngine', () => {
  const directories: string[] = [];
  const engines: KvEngine[] = [];
  let directory: string;
  let clock: ManualClock;
  let engine: JournaledEngine;

  async function open(path: string): Promise<JournaledEngine> {
    const opened = new JournaledEngine(openEngine(path), clock, silentLogger, true);
    await opened.open();
    engines.push(opened);
    // The first write goes to the engine, whatever it is.
    await write(opened.batch(), { 0: '' });
    return opened;
  }

  beforeEach(async () => {
    clock = new ManualClock();
    directory = await makeTempDir();
    directories.push(directory);
    engine = await open(directory);
  });

  afterEach(async () => {
    for (const opened of engines.splice(0)) await opened.close();
    for (const path of directories.splice(0)) await removeTempDir(path);
  });

  /** What a process that is killed now leaves behind, opened again. */
  async function afterKill(): Promise<JournaledEngine> {
    for (let attempt = 0; ; attempt++) {
      const parent = await makeTempDir();
      directories.push(parent);
      const copy = join(parent, 'copy');
      try {
        await cp(directory, copy, { recursive: true });
        return await open(copy);
      } catch (error) {
        // RocksDB removes files in its own time, and a copy is not made in one moment.
        if (attempt === 5) throw error;
      }
    }
  }

  async function content(of: KvEngine): Promise<string> {
    const entries = await of.read({ gte: bytes('a') }, 1000);
    return entries.map(({ key, value }) => `${String(key)}=${String(value).slice(0, 3)}`).join();
  }

  it('has a small commit durable at once, a large one and one with sync later', async () => {
    expect(await write(engine.commitBatch(), { a: '1' })).to.equal(true);
    expect(await write(engine.commitBatch(), { b: LARGE })).to.equal(false);
    expect(await write(engine.commitBatch(), { c: '3' }, true)).to.equal(false);
    expect(await write(engine.batch(), { d: '4' })).to.equal(false);
    expect(await write(engine.commitBatch(), { e: '5', a: undefined })).to.equal(true);
    expect(await content(engine)).to.equal('b=xxx,c=3,d=4,e=5');
  });

  it('reads see what is only in the journal', async () => {
    await write(engine.commitBatch(), { a: '1', b: '2' });
    expect(String(await engine.get(bytes('a')))).to.equal('1');
    await write(engine.commitBatch(), { a: undefined, c: '3' });
    const values = await engine.getMany(['a', 'b', 'c'].map(bytes));
    expect(values.map(String)).to.deep.equal(['undefined', '2', '3']);
    await write(engine.commitBatch(), { d: '4' });
    const keys: string[] = [];
    for await (const { key } of engine.scan({ gte: bytes('a') })) keys.push(String(key));
    expect(keys).to.deep.equal(['b', 'c', 'd']);
    await write(engine.commitBatch(), { d: '5' });
    await engine.clear({ gte: bytes('c'), lt: bytes('e') }, 10);
    expect(await content(engine)).to.equal('b=2');
  });

  it('has everything after a kill, in whatever form it was written', async () => {
    await write(engine.commitBatch(), { a: '1', b: '1' });
    expect(await content(await afterKill())).to.equal('a=1,b=1');
    await write(engine.commitBatch(), { b: LARGE, c: '2' });
    await write(engine.commitBatch(), { a: undefined, c: '3' });
    expect(await content(await afterKill())).to.equal('b=xxx,c=3');
    clock.advance(110);
    await content(engine);
    await write(engine.commitBatch(), { d: '4' });
    expect(await content(await afterKill())).to.equal('b=xxx,c=3,d=4');
  });

  it('does not undo what came later: the journal of before is not replayed', async () => {
    await write(engine.commitBatch(), { a: '1', b: '1' });
    await content(engine);
    await write(engine.commitBatch(), { a: LARGE, b: undefined });
    expect(await content(await afterKill())).to.equal('a=xxx');
    await write(engine.batch(), { a: 'new' });
    const again = await afterKill();
    expect(await content(again)).to.equal('a=new');
    await write(again.commitBatch(), { z: '1' });
    expect(await content(again)).to.equal('a=new,z=1');
  });

  it('takes the beginning of a journal whose end is cut off or damaged', async () => {
    for (const value of ['1', '2', '3'])
      await write(engine.commitBatch(), { [`k${value}`]: value });
    const path = join(directory, 'journal');
    const whole = await readFile(path);
    const third = whole.length / 3;
    for (const [damaged, wanted] of [
      [whole.subarray(0, whole.length - 1), 'k1=1,k2=2'],
      [whole.subarray(0, third + 5), 'k1=1'],
      [Buffer.concat([whole, Buffer.from([0, 0, 0, 50, 1])]), 'k1=1,k2=2,k3=3'],
      [Buffer.from(whole).fill(7, third + 20, third + 21), 'k1=1'],
      [Buffer.alloc(0), ''],
      // The engine lacks what was written before: after the death of the machine.
      [whole.subarray(third), ''],
    ] as const) {
      await writeFile(path, damaged);
      expect(await content(await afterKill())).to.equal(wanted);
    }
    await writeFile(path, whole);
  });

  /**
   * Commits of `size` bytes, each begun in the turn in which the one before is over, as `GroupCommit` does with
   * what has been gathered; says which were durable at once.
   */
  async function together(size: number, times: number): Promise<boolean[]> {
    const found: boolean[] = [];
    await new Promise<void>((resolve, reject) => {
      function next(): void {
        if (found.length === times) {
          resolve();
          return;
        }
        const batch = engine.commitBatch();
        batch.put(bytes('a'), Buffer.alloc(size, String(found.length % 10)));
        const isAtOnce = batch.write(false, (error) => {
          if (error === undefined) next();
          else reject(error);
        });
        found.push(isAtOnce);
        if (isAtOnce) setImmediate(next);
      }
      next();
    });
    return found;
  }

  /** How many commits of `size` bytes, each begun long after the one before is over, were durable at once. */
  async function alone(size: number, times: number): Promise<number> {
    let count = 0;
    for (let i = 0; i < times; i++) {
      if (await write(engine.commitBatch(), { a: String(i % 10).repeat(size) })) count++;
    }
    return count;
  }

  it('gives way to the engine under load, and comes back when it is over', async () => {
    const commit = () => write(engine.commitBatch(), { a: 'x'.repeat(1000) });
    for (let i = 0; i < 16; i++) expect(await commit(), String(i)).to.equal(true);
    expect(await together(1000, 20)).to.deep.equal(new Array(20).fill(false));
    clock.advance(20);
    expect(await commit()).to.equal(false);
    clock.advance(40);
    // An entry may only follow a write that carries a number.
    expect(await commit()).to.equal(false);
    expect(await commit()).to.equal(true);
    expect(await content(await afterKill())).to.equal('a=xxx');
  });

  it('journals commits under load when nobody waits for their end', async () => {
    // A load from the second one on, eight that are alone, and one that carries a number.
    expect(await alone(9000, 10)).to.equal(0);
    // 16, 32 and then 64 between two that go to the engine.
    expect(await alone(9000, 16 + 1 + 32 + 1 + 22)).to.equal(70);
    expect((await readFile(join(directory, 'journal'))).readUInt32BE(0)).to.be.above(8192);
    expect(await content(await afterKill())).to.equal('a=111');
    const found = await together(9000, 100);
    expect(found.filter(Boolean).length).to.be.below(64);
    expect(found.slice(-30)).to.deep.equal(new Array(30).fill(false));
    expect(await alone(70_000, 20)).to.equal(0);
    expect(await content(await afterKill())).to.equal('a=999');
  });

  it('takes a full journal over to the engine and begins it anew, under load too', async () => {
    await engine.close();
    const small = 64 * 1024;
    engine = new JournaledEngine(openEngine(directory), clock, silentLogger, true, 4096, small);
    await engine.open();
    engines.push(engine);
    expect(await alone(9000, 500)).to.be.within(380, 460);
    expect((await readFile(join(directory, 'journal'))).length).to.be.at.most(small);
    expect(await content(await afterKill())).to.equal('a=999');
  });

  it('journals at any length a rate at which the engine would not gather much', async () => {
    for (let i = 0; i < 500; i++) {
      expect(await write(engine.commitBatch(), { a: 'x'.repeat(3000) }), String(i)).to.equal(true);
      clock.advance(1);
      if (i % 10 === 0) await engine.get(bytes('a'));
    }
  });

  it('lets go of the database when the journal cannot be read', async () => {
    const path = await makeTempDir();
    directories.push(path);
    await mkdir(join(path, 'journal'));
    const failing = new JournaledEngine(openEngine(path), clock, silentLogger, true);
    const error = await rejection(failing.open());
    expect(error).to.be.instanceOf(StoreError).with.property('code', ErrorCode.STORE_UNAVAILABLE);
    await rm(join(path, 'journal'), { recursive: true });
    await open(path);
  });

  it('keeps no journal when it is closed', async () => {
    await write(engine.commitBatch(), { a: '1' });
    await engine.close();
    expect(await readdir(directory)).to.not.include('journal');
    expect(String(await rejection(engine.get(bytes('a'))))).to.include('is closed');
    expect(() => engine.commitBatch()).to.throw('is closed');
    expect(await content(await open(directory))).to.equal('a=1');
  });

  it('brings the journal to the engine soon, together, and begins the file anew', async () => {
    const path = join(directory, 'journal');
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 10; i++)
        await write(engine.commitBatch(), { [`k${i}`]: 'v'.repeat(300) });
      clock.advance(110);
      await engine.get(bytes('k0'));
    }
    expect((await readFile(path)).length).to.be.below(10 * 600);
  });

  it('holds a bounded journal when the engine is slower than commits come', async () => {
    const path = join(directory, 'journal');
    for (let i = 0; i < 3000; i++) {
      clock.advance(1);
      await write(engine.commitBatch(), { [`k${i % 7}`]: String(i).padEnd(400) });
    }
    expect((await readFile(path)).length).to.be.at.most(JOURNAL_BYTES);
    const again = await afterKill();
    for (let i = 2993; i < 3000; i++) {
      expect(String(await again.get(bytes(`k${i % 7}`))).trim()).to.equal(String(i));
    }
  });

  it('fails for good when the engine cannot take what was durable, which the next start has', async () => {
    const failing = new StoreError(ErrorCode.STORE_UNAVAILABLE, 'no space left');
    await engine.close();
    let isFailing = false;
    const proxy = new Proxy(openEngine(directory), {
      get(target, property) {
        if (property === 'batch' && isFailing) return () => failingBatch(failing);
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const journaled = new JournaledEngine(proxy, clock, silentLogger, true);
    const told: Error[] = [];
    journaled.onBroken((error) => told.push(error));
    await journaled.open();
    await write(journaled.batch(), { 0: '' });
    isFailing = true;
    expect(await write(journaled.commitBatch(), { a: '1' })).to.equal(true);
    expect(told).to.deep.equal([]);
    clock.advance(110);
    await eventually('somebody is told', () => told.length > 0);
    expect(told).to.deep.equal([failing]);
    expect(await rejection(journaled.get(bytes('a')))).to.equal(failing);
    expect(await rejection(write(journaled.commitBatch(), { b: '2' }))).to.equal(failing);
    expect(await rejection(journaled.get(bytes('a')))).to.equal(failing);
    await journaled.close();
    expect(await content(await open(directory))).to.equal('a=1');
  });

  it('is a map, whatever is written and read in whatever order, with kills between', async function () {
    this.timeout(20_000);
    const random = Random.fromEnvironment();
    const model = new Map<string, string>();
    let current = engine;
    let last: Promise<boolean> | undefined;
    for (let i = 0; i < 600; i++) {
      const entries: Record<string, string | undefined> = {};
      for (let n = random.below(4); n >= 0; n--) {
        const key = `k${random.below(10)}`;
        const size = [3, 300, 2500][random.below(3)] as number;
        entries[key] = random.below(4) === 0 ? undefined : String(i).padEnd(size, '.');
      }
      for (const [key, value] of Object.entries(entries)) {
        if (value === undefined) model.delete(key);
        else model.set(key, value);
      }
      const written = write(
        random.below(10) > 0 ? current.commitBatch() : current.batch(),
        entries,
      );
      last = written;
      if (random.below(2) === 0) await written;
      if (random.below(20) === 0) clock.advance(110);
      if (random.below(10) === 0) {
        const key = `k${random.below(10)}`;
        await written;
        const value = await current.get(bytes(key));
        expect(value?.toString(), `seed ${random.seed}`).to.equal(model.get(key));
      }
      if (random.below(100) === 0) {
        await written;
        ({ directory } = current);
        current = await afterKill();
      }
    }
    // Reads see what is durable.
    await last;
    const entries = await current.read({ gte: bytes('k') }, 100);
    const found = entries.map(({ key, value }) => [String(key), String(value)]);
    expect(found, `seed ${random.seed}`).to.deep.equal([...model].sort());
  });
});

function failingBatch(error: StoreError): KvBatch {
  return {
    size: 1,
    put: () => undefined,
    del: () => undefined,
    write: (_sync, callback) => {
      setImmediate(() => {
        callback(error);
      });
      return false;
    },
  };
}
