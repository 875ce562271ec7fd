import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '../../../../src/common/logger.ts';
import { JOURNAL_BYTES } from '../../../../src/lmq/embedded/journal.ts';
import { JournaledEngine } from '../../../../src/lmq/embedded/journaled-engine.ts';
import { openEngine } from './embedded-world.ts';
import { bytes, content, JournaledWorld, write } from './journaled-world.ts';

describe('JournaledEngine under load', () => {
  let world: JournaledWorld;
  let directory: string;
  let engine: JournaledEngine;

  beforeEach(async () => {
    world = new JournaledWorld();
    directory = await world.makeDirectory();
    engine = await world.open(directory);
  });

  afterEach(() => world.end());

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
    world.clock.advance(20);
    expect(await commit()).to.equal(false);
    world.clock.advance(40);
    // An entry may only follow a write that carries a number.
    expect(await commit()).to.equal(false);
    expect(await commit()).to.equal(true);
    expect(await content(await world.afterKill(directory))).to.equal('a=xxx');
  });

  it('journals commits under load when nobody waits for their end', async () => {
    // A load from the second one on, eight that are alone, and one that carries a number.
    expect(await alone(9000, 10)).to.equal(0);
    // 16, 32 and then 64 between two that go to the engine.
    expect(await alone(9000, 16 + 1 + 32 + 1 + 22)).to.equal(70);
    expect((await readFile(join(directory, 'journal'))).readUInt32BE(0)).to.be.above(8192);
    expect(await content(await world.afterKill(directory))).to.equal('a=111');
    const found = await together(9000, 100);
    expect(found.filter(Boolean).length).to.be.below(64);
    expect(found.slice(-30)).to.deep.equal(new Array(30).fill(false));
    expect(await alone(70_000, 20)).to.equal(0);
    expect(await content(await world.afterKill(directory))).to.equal('a=999');
  });

  it('takes a full journal over to the engine and begins it anew, under load too', async () => {
    await engine.close();
    const small = 64 * 1024;
    engine = new JournaledEngine(
      openEngine(directory),
      world.clock,
      silentLogger,
      true,
      4096,
      small,
    );
    await engine.open();
    world.add(engine);
    expect(await alone(9000, 500)).to.be.within(380, 460);
    expect((await readFile(join(directory, 'journal'))).length).to.be.at.most(small);
    expect(await content(await world.afterKill(directory))).to.equal('a=999');
  });

  it('journals at any length a rate at which the engine would not gather much', async () => {
    for (let i = 0; i < 500; i++) {
      expect(await write(engine.commitBatch(), { a: 'x'.repeat(3000) }), String(i)).to.equal(true);
      world.clock.advance(1);
      if (i % 10 === 0) await engine.get(bytes('a'));
    }
  });

  it('brings the journal to the engine soon, together, and begins the file anew', async () => {
    const path = join(directory, 'journal');
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 10; i++)
        await write(engine.commitBatch(), { [`k${i}`]: 'v'.repeat(300) });
      world.clock.advance(110);
      await engine.get(bytes('k0'));
    }
    expect((await readFile(path)).length).to.be.below(10 * 600);
  });

  it('holds a bounded journal when the engine is slower than commits come', async () => {
    const path = join(directory, 'journal');
    for (let i = 0; i < 3000; i++) {
      world.clock.advance(1);
      await write(engine.commitBatch(), { [`k${i % 7}`]: String(i).padEnd(400) });
    }
    expect((await readFile(path)).length).to.be.at.most(JOURNAL_BYTES);
    const again = await world.afterKill(directory);
    for (let i = 2993; i < 3000; i++) {
      expect(String(await again.get(bytes(`k${i % 7}`))).trim()).to.equal(String(i));
    }
  });
});
