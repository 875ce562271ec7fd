import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { eventually } from '../helpers/eventually.ts';
import { makeTempDir, removeTempDir } from '../helpers/temp-dir.ts';

type Guarded = ChildProcessByStdio<null, Readable, Readable>;
type Exit = [number | null, string | null];

describe('process guard', function () {
  this.timeout(20_000);
  let directory: string;
  let file: string;
  let child: Guarded;
  beforeEach(async () => {
    directory = await makeTempDir();
    file = join(directory, 'lmqtt.log');
  });
  afterEach(async () => {
    child.kill('SIGKILL');
    await removeTempDir(directory);
  });

  async function spawnGuarded(behaviour: string): Promise<Promise<Exit>[]> {
    const program = join(import.meta.dirname, 'fixtures/guarded.ts');
    const args = ['--import=ts-blank-space/register', program, behaviour, file];
    child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const exited = once(child, 'exit') as Promise<Exit>;
    await Promise.race([once(child.stdout, 'data'), exited]);
    // In an array, since an async function would wait for a promise that it returns.
    return [exited];
  }

  it('stops gracefully on the first signal', async () => {
    const [exited] = await spawnGuarded('stops');
    child.kill('SIGTERM');
    expect(await exited).to.deep.equal([0, null]);
    expect(readFileSync(file, 'utf8')).to.match(/"msg":"stopping".*\n.*"msg":"stopped"/);
  });

  it('ends at once on the second signal, with exit code 1', async () => {
    const [exited] = await spawnGuarded('hangs');
    child.kill('SIGTERM');
    await eventually('stopping', () => readFileSync(file, 'utf8').includes('"msg":"stopping"'));
    expect(child.exitCode).to.equal(null);
    child.kill('SIGINT');
    expect(await exited).to.deep.equal([1, null]);
  });

  it('goes on stopping on the first signal when it was told to stop before', async () => {
    const [exited] = await spawnGuarded('told');
    child.kill('SIGTERM');
    expect(await exited).to.deep.equal([0, null]);
    expect(readFileSync(file, 'utf8')).to.match(/"reason":"told".*"stopping".*\n.*"msg":"stopped"/);
  });

  it('tells of a stop that failed in one line, with exit code 1', async () => {
    const [exited] = await spawnGuarded('fails');
    const stderr = text(child.stderr);
    child.kill('SIGTERM');
    expect(await exited).to.deep.equal([1, null]);
    expect(await stderr).to.equal('lmqtt: cannot save\n');
    expect(readFileSync(file, 'utf8')).to.include('stopped with an error');
  });

  for (const [behaviour, message] of [
    ['throws', /^lmqtt: .*JSON/],
    ['rejects', /^lmqtt: nobody cares\n$/],
  ] as const) {
    it(`ends at once when something ${behaviour} that nobody handles`, async () => {
      const [exited] = await spawnGuarded(behaviour);
      const stderr = text(child.stderr);
      expect(await exited).to.deep.equal([1, null]);
      expect(await stderr).to.match(message);
      expect(readFileSync(file, 'utf8')).to.include('unhandled error');
    });
  }

  it('opens the log anew on SIGHUP as a daemon', async () => {
    const [exited] = await spawnGuarded('stops');
    renameSync(file, `${file}.1`);
    child.kill('SIGHUP');
    await eventually('a new log file', () => existsSync(file));
    child.kill('SIGTERM');
    expect(await exited).to.deep.equal([0, null]);
    expect(readFileSync(file, 'utf8')).to.include('"msg":"stopped"');
  });

  it('stops on SIGHUP in the foreground', async () => {
    const [exited] = await spawnGuarded('foreground');
    child.kill('SIGHUP');
    expect(await exited).to.deep.equal([0, null]);
  });
});
