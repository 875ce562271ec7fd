import { statSync } from 'node:fs';
import { join } from 'node:path';

/** Debian installs servers outside the PATH of an ordinary user. */
const MORE_FOLDERS = ['/usr/sbin', '/sbin', '/usr/local/sbin'];

function isExecutable(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && found.isFile() && (found.mode & 0o111) !== 0;
}

/** The path of a program: given with a slash, or looked for in the PATH; undefined when there is none. */
export function findProgram(name: string): string | undefined {
  if (name.includes('/')) return isExecutable(name) ? name : undefined;
  const folders = [...(process.env['PATH'] ?? '').split(':'), ...MORE_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Why `program` cannot be run; undefined when it can. */
export const missingProgram = (program: string): string | undefined =>
  findProgram(program) === undefined ? `${program} is not installed` : undefined;
