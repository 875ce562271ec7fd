import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { makeTempDir, removeTempDir } from '../helpers/temp-dir.ts';

/** Says what it was asked for and leaves what the real one would. */
const FAKE_NPM = `#!/bin/sh
echo "$1" >>"$CALLS"
if [ "$1" = ci ]; then
  rm -rf node_modules && mkdir node_modules && : >node_modules/.package-lock.json
else
  [ ! -e fail ] || exit 1
  for last; do :; done
  mkdir "$last"
fi
`;

describe('bin/build.sh', () => {
  let root: string;
  beforeEach(async () => {
    root = await makeTempDir();
    for (const folder of ['bin', 'src', 'tools']) mkdirSync(join(root, folder));
    copyFileSync(resolve(import.meta.dirname, '../../bin/build.sh'), join(root, 'bin/build.sh'));
    for (const name of ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'src/a.ts']) {
      write(name, '{}');
    }
    write('package-lock.json', 'one');
    write('tools/npm', FAKE_NPM);
    chmodSync(join(root, 'tools/npm'), 0o755);
  });
  afterEach(() => removeTempDir(root));

  function write(name: string, content: string): void {
    writeFileSync(join(root, name), content);
  }

  /** Makes a file newer than everything there is. */
  function touch(name: string): void {
    const later = Date.now() / 1000 + 60;
    utimesSync(join(root, name), later, later);
  }

  /** Runs the script; returns what it asked of npm. */
  function build(expectedStatus = 0): string[] {
    const calls = join(root, 'calls');
    writeFileSync(calls, '');
    const { status, stderr } = spawnSync('sh', [join(root, 'bin/build.sh')], {
      env: { PATH: `${join(root, 'tools')}:${process.env['PATH'] ?? ''}`, CALLS: calls },
      encoding: 'utf8',
    });
    expect(status, stderr).to.equal(expectedStatus);
    return readFileSync(calls, 'utf8').split('\n').filter(Boolean);
  }

  it('installs and compiles on a fresh clone, and does nothing the second time', () => {
    expect(build()).to.deep.equal(['ci', 'run']);
    expect(existsSync(join(root, 'dist/.built'))).to.equal(true);
    expect(build()).to.deep.equal([]);
  });

  it('compiles when a source is newer', () => {
    build();
    touch('src/a.ts');
    expect(build()).to.deep.equal(['run']);
  });

  it('installs when the lockfile has changed, not when it was only touched', () => {
    build();
    touch('package-lock.json');
    expect(build()).to.deep.equal([]);
    write('package-lock.json', 'two');
    touch('package-lock.json');
    expect(build()).to.deep.equal(['ci']);
  });

  it('keeps the last build, and leaves no half of one, when compiling fails', () => {
    build();
    touch('src/a.ts');
    write('fail', '');
    expect(build(1)).to.deep.equal(['run']);
    expect(existsSync(join(root, 'dist/.built'))).to.equal(true);
  });

  it('does not empty a node_modules that it only links to', () => {
    build();
    renameSync(join(root, 'node_modules'), join(root, 'shared'));
    symlinkSync(join(root, 'shared'), join(root, 'node_modules'));
    write('package-lock.json', 'two');
    touch('package-lock.json');
    expect(build(1)).to.deep.equal([]);
    expect(existsSync(join(root, 'shared/.package-lock.json'))).to.equal(true);
  });

  it('has nothing to do where there are no sources', () => {
    renameSync(join(root, 'src'), join(root, 'gone'));
    expect(build()).to.deep.equal([]);
  });
});
