import { expect } from 'chai';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { JournaledEngine } from '../../../../src/lmq/embedded/journaled-engine.ts';
import type { KvBatch } from '../../../../src/lmq/embedded/kv-batch.ts';
import { rejection } from '../../../conformance/lmq-store/harness.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { Random } from '../../../helpers/random.ts';
import { openEngine } from './embedded-world.ts';
import { bytes, content, JournaledWorld, write } from './journaled-world.ts';

const LARGE = 'x'.repeat(9000);

describe('JournaledEngine', () => {
  let world: JournaledWorld;
  let directory: string;
  let engine: JournaledEngine;

  beforeEach(async () => {
    world = new JournaledWorld();
    directory = await world.makeDirectory();
    engine = await world.open(directory);
  });

  afterEach(() => world.end());

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
    expect(await content(await world.afterKill(directory))).to.equal('a=1,b=1');
    await write(engine.commitBatch(), { b: LARGE, c: '2' });
    await write(engine.commitBatch(), { a: undefined, c: '3' });
    expect(await content(await world.afterKill(directory))).to.equal('b=xxx,c=3');
    world.clock.advance(110);
    await content(engine);
    await write(engine.commitBatch(), { d: '4' });
    expect(await content(await world.afterKill(directory))).to.equal('b=xxx,c=3,d=4');
  });

  it('does not undo what came later: the journal of before is not replayed', async () => {
    await write(engine.commitBatch(), { a: '1', b: '1' });
    await content(engine);
    await write(engine.commitBatch(), { a: LARGE, b: undefined });
    expect(await content(await world.afterKill(directory))).to.equal('a=xxx');
    await write(engine.batch(), { a: 'new' });
    const again = await world.afterKill(directory);
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
      expect(await content(await world.afterKill(directory))).to.equal(wanted);
    }
    await writeFile(path, whole);
  });

  it('lets go of the database when the journal cannot be read', async () => {
    const path = await world.makeDirectory();
    await mkdir(join(path, 'journal'));
    const failing = new JournaledEngine(openEngine(path), world.clock, silentLogger, true);
    const error = await rejection(failing.open());
    expect(error).to.be.instanceOf(StoreError).with.property('code', ErrorCode.STORE_UNAVAILABLE);
    await rm(join(path, 'journal'), { recursive: true });
    await world.open(path);
  });

  it('keeps no journal when it is closed', async () => {
    await write(engine.commitBatch(), { a: '1' });
    await engine.close();
    expect(await readdir(directory)).to.not.include('journal');
    expect(String(await rejection(engine.get(bytes('a'))))).to.include('is closed');
    expect(() => engine.commitBatch()).to.throw('is closed');
    expect(await content(await world.open(directory))).to.equal('a=1');
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
    const journaled = new JournaledEngine(proxy, world.clock, silentLogger, true);
    const told: Error[] = [];
    journaled.onBroken((error) => told.push(error));
    await journaled.open();
    await write(journaled.batch(), { 0: '' });
    isFailing = true;
    expect(await write(journaled.commitBatch(), { a: '1' })).to.equal(true);
    expect(told).to.deep.equal([]);
    world.clock.advance(110);
    await eventually('somebody is told', () => told.length > 0);
    expect(told).to.deep.equal([failing]);
    expect(await rejection(journaled.get(bytes('a')))).to.equal(failing);
    expect(await rejection(write(journaled.commitBatch(), { b: '2' }))).to.equal(failing);
    expect(await rejection(journaled.get(bytes('a')))).to.equal(failing);
    await journaled.close();
    expect(await content(await world.open(directory))).to.equal('a=1');
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
      if (random.below(20) === 0) world.clock.advance(110);
      if (random.below(10) === 0) {
        const key = `k${random.below(10)}`;
        await written;
        const value = await current.get(bytes(key));
        expect(value?.toString(), `seed ${random.seed}`).to.equal(model.get(key));
      }
      if (random.below(100) === 0) {
        await written;
        ({ directory } = current);
        current = await world.afterKill(directory);
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
