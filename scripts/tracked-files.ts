/**
 * Fails when git tracks a file that has no place in the repository, and names it. Where there is no git checkout (the
 * sources of a release, unpacked) nothing is tracked, which is said and is no failure.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { misplaced } from './tracked-files/misplaced.ts';

const root = join(import.meta.dirname, '..');

if (existsSync(join(root, '.git'))) {
  // CI may run as another user than the one who owns the checkout. -z: names as they are, each ended by NUL.
  const words = ['-c', 'safe.directory=*', 'ls-files', '-z'];
  const listed = execFileSync('git', words, { cwd: root, encoding: 'utf8' });
  const paths = listed.split('\0').slice(0, -1);
  for (const { path, reason } of misplaced(paths)) {
    console.error(`${path}: ${reason}`);
    process.exitCode = 1;
  }
} else {
  console.log('no git checkout: no tracked files');
}
