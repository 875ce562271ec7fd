import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { expect } from 'chai';
import { cpuQuota } from '../../src/cli/cpu-quota.ts';
import { makeTempDir, removeTempDir } from '../helpers/temp-dir.ts';
import { ROOT, type Variables } from './mqtt-sh.ts';

interface Told {
  readonly pid: number;
  readonly options: readonly string[];
  readonly malloc: Variables;
}

const TELL = `const malloc = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('MALLOC_')));
console.log(JSON.stringify({ pid: process.pid, options: process.execArgv, malloc }))`;

describe('bin/node.sh', function () {
  // On a busy machine a process takes its time.
  this.timeout(60_000);
  let home: string;

  beforeEach(async () => {
    home = await makeTempDir();
  });
  afterEach(() => removeTempDir(home));

  /** What a process says that is started with it, on a machine of so many cores. */
  async function started(
    cores: number,
    variables: Variables = {},
  ): Promise<Told & { child: number }> {
    await writeFile(join(home, 'nproc'), `#!/bin/sh\necho ${cores}\n`);
    await chmod(join(home, 'nproc'), 0o755);
    const env: Record<string, string | undefined> = { ...process.env };
    for (const name of Object.keys(env)) if (name.startsWith('MALLOC_')) env[name] = undefined;
    const child = spawn('sh', [join(ROOT, 'bin/node.sh'), '-e', TELL], {
      env: { ...env, ...variables, PATH: `${home}:${process.env['PATH'] ?? ''}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [told] = await Promise.all([json(child.stdout) as Promise<Told>, once(child, 'exit')]);
    return { ...told, child: child.pid as number };
  }

  it('becomes Node.js and limits what the C library keeps', async () => {
    const { pid, child, malloc } = await started(2);
    expect(pid).to.equal(child);
    expect(malloc).to.deep.equal({
      MALLOC_ARENA_MAX: '2',
      MALLOC_MMAP_THRESHOLD_: '1048576',
      MALLOC_TRIM_THRESHOLD_: '33554432',
    });
  });

  it('leaves what the environment says', async () => {
    const { malloc } = await started(2, { MALLOC_ARENA_MAX: '7' });
    expect(malloc['MALLOC_ARENA_MAX']).to.equal('7');
  });

  it('has one helper thread for the collector on two cores, and what V8 likes on more', async function () {
    if (cpuQuota() < 3) this.skip();
    const FLAGS = ['--v8-pool-size=1', '--no-parallel-scavenge'];
    expect((await started(1)).options.slice(0, 2)).to.deep.equal(FLAGS);
    expect((await started(2)).options.slice(0, 2)).to.deep.equal(FLAGS);
    expect((await started(3)).options.slice(0, 2)).not.to.include.members(FLAGS);
  });
});
