import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '../../../../src/common/logger.ts';
import { JournaledEngine } from '../../../../src/lmq/embedded/journaled-engine.ts';
import { Random } from '../../../helpers/random.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { ManualClock } from '../manual-clock.ts';
import { type Content, RememberingEngine } from './remembering-engine.ts';

const KEY = Buffer.from('n');
const FILE = 'journal';
/** Soon full, and entries of earlier lives do not lie far behind. */
const JOURNAL_BYTES = 96 * 1024;
const MAX_CONTENT = 600;

/** Writes the number in the engine and one more, as counters do: an older or doubled write would show. */
class Numbers {
  readonly #engine: JournaledEngine;
  last: number;

  constructor(engine: JournaledEngine, last: number) {
    this.#engine = engine;
    this.last = last;
  }

  /**
   * Under load, each alone or each begun in the turn in which the one before is over.
   * @returns how many were durable at once
   */
  async writeLoad(count: number, isAlone: boolean, onWritten: () => void): Promise<number> {
    let early = 0;
    for (let i = 0; i < count; i++) {
      // What comes behind `await` comes after the callback.
      if (isAlone) {
        if (await this.write(true, 9000, onWritten)) early++;
      } else {
        const first = this.write(true, 9000, onWritten, () => this.write(true, 3000, onWritten));
        if (await first) early++;
      }
    }
    return early;
  }

  /**
   * Resolves when it is durable, with whether it was at once.
   * @param next begun while this one is being answered
   */
  async write(
    isCommit: boolean,
    bytes: number,
    onWritten?: () => void,
    next?: () => Promise<unknown>,
  ): Promise<boolean> {
    const batch = isCommit ? this.#engine.commitBatch() : this.#engine.batch();
    const number = ++this.last;
    batch.put(KEY, Buffer.from(String(number)));
    batch.put(Buffer.from(`w${String(number)}`), Buffer.alloc(bytes));
    const isAtOnce = await new Promise<boolean>((resolve, reject) => {
      const isDurable = batch.write(false, (error) => {
        if (error !== undefined) {
          reject(error);
          return;
        }
        if (next === undefined) {
          resolve(false);
          return;
        }
        next().then(() => {
          resolve(false);
        }, reject);
      });
      if (isDurable) resolve(true);
    });
    onWritten?.();
    return isAtOnce;
  }
}

/** The number in `content`, after all the writes up to it and no other. */
function numberIn(content: Content, context: string): number {
  const last = Number(content.get('n') ?? 0);
  const numbers = [...content.keys()]
    .filter((key) => key.startsWith('w'))
    .map((key) => Number(key.slice(1)));
  expect(numbers.length, context).to.equal(last);
  expect(Math.max(0, ...numbers), context).to.equal(last);
  return last;
}

describe('JournaledEngine after the death of the machine', function () {
  this.timeout(60_000);
  let parent: string;

  beforeEach(async () => {
    parent = await makeTempDir();
  });

  afterEach(async () => {
    await removeTempDir(parent);
  });

  it('has what was written up to some moment and nothing else, whatever the disk has of file and database', async () => {
    const random = Random.fromEnvironment();
    const clock = new ManualClock();
    const path = join(parent, FILE);
    /** What the engine had and what the file held, at any time since the machine died last. */
    let history: Content[] = [new Map()];
    let files: Buffer[] = [];
    let early = 0;

    /** Long enough that commits that are alone go to the journal, and at times that they fill it. */
    async function writeLoad(numbers: Numbers): Promise<void> {
      const note = (): void => {
        if (random.below(8) === 0 && existsSync(path)) files.push(readFileSync(path));
      };
      for (let i = 1 + random.below(3); i > 0; i--) {
        early += await numbers.writeLoad(random.below(40), random.below(3) > 0, note);
        if (random.below(4) === 0) void numbers.write(random.below(2) === 0, 10);
      }
      if (random.below(4) === 0) clock.advance(50);
    }

    async function writeSome(numbers: Numbers): Promise<void> {
      const isLoad = random.below(4) === 0;
      for (let i = 1 + random.below(8); i > 0; i--) {
        const bytes = isLoad ? 9000 : ([3, 300, 3000] as const)[random.below(3)];
        const written = numbers.write(random.below(8) > 0, bytes as number);
        if (random.below(4) > 0) await written;
        if (!isLoad) clock.advance(random.below(2));
        files.push(await readFile(path).catch(() => Buffer.alloc(0)));
      }
      if (random.below(2) === 0) clock.advance(50);
    }

    async function live(isEnabled: boolean): Promise<void> {
      const isLoad = random.below(10) === 0;
      const inner = new RememberingEngine(parent, history.at(-1) as Content);
      const engine = new JournaledEngine(
        inner,
        clock,
        silentLogger,
        isEnabled,
        4096,
        JOURNAL_BYTES,
      );
      await engine.open();
      const found = numberIn(inner.history.at(-1) as Content, `seed ${String(random.seed)}`);
      const numbers = new Numbers(engine, found);
      for (let i = random.below(8); i > 0; i--) {
        if (isLoad && random.below(2) === 0) await writeLoad(numbers);
        else await writeSome(numbers);
        if (random.below(5) === 0) await engine.get(KEY);
      }
      history.push(...inner.history);
    }

    for (let life = 0; life < 200; life++) {
      await live(random.below(5) > 0);
      // Each of the moments has all of the content: another machine, before they are too many.
      if ((history.at(-1) as Content).size > MAX_CONTENT) {
        history = [new Map()];
        files = [];
        await rm(path, { force: true });
        continue;
      }
      // Half of the time only the process dies.
      if (random.below(2) === 0) continue;
      history = [history[random.below(history.length)] as Content];
      // Some state, the beginning of one, or pages of two.
      const file = files[random.below(files.length)] ?? Buffer.alloc(0);
      const other = files[random.below(files.length)] ?? file;
      const at = random.below(2) === 0 ? file.length : random.below(file.length + 1);
      const rest = random.below(2) === 0 ? Buffer.alloc(0) : other.subarray(at);
      files = [Buffer.concat([file.subarray(0, at), rest])];
      await writeFile(path, files[0] as Buffer);
    }
    expect(early, `seed ${String(random.seed)}`).to.be.above(0);
  });

  it('after the death of the process alone has all that was durable', async () => {
    const random = Random.fromEnvironment();
    const clock = new ManualClock();
    let content: Content = new Map();
    const directory = join(parent, 'one');
    await mkdir(directory);
    let durable = 0;
    let early = 0;
    for (let life = 0; life < 60; life++) {
      const inner = new RememberingEngine(directory, content);
      const engine = new JournaledEngine(
        inner,
        clock,
        silentLogger,
        life % 7 !== 6,
        4096,
        JOURNAL_BYTES,
      );
      await engine.open();
      const found = numberIn(inner.history.at(-1) as Content, `seed ${String(random.seed)}`);
      expect(found, `seed ${String(random.seed)}, life ${String(life)}`).to.be.at.least(durable);
      const numbers = new Numbers(engine, found);
      durable = found;
      let isAlive = true;
      if (random.below(2) === 0) {
        early += await numbers.writeLoad(random.below(60), random.below(3) > 0, () => undefined);
        durable = numbers.last;
      }
      for (let i = random.below(40); i >= 0; i--) {
        const written = numbers.write(random.below(8) > 0, random.below(2) === 0 ? 30 : 3000);
        const number = numbers.last;
        const noted = written.then(() => {
          // What ends after the kill does not count.
          if (isAlive) durable = Math.max(durable, number);
        });
        if (random.below(4) > 0) await noted;
        if (random.below(3) === 0) clock.advance(random.below(60));
      }
      // Killed here: what the engine is doing is lost, what it has and the file are not.
      content = inner.history.at(-1) as Content;
      isAlive = false;
    }
    expect(early, `seed ${String(random.seed)}`).to.be.above(0);
  });
});
