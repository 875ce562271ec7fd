import { spawnSync } from 'node:child_process';

/** Whether `limitFileSize` works here: `prlimit` is part of util-linux. */
export const canLimitFileSize: boolean =
  process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0;

/**
 * From now on the process cannot write to a file behind this many bytes (EFBIG): an I/O error that needs
 * no privileges and no mount. It holds until the process ends.
 */
export function limitFileSize(pid: number, bytes: number): void {
  const { status, stderr } = spawnSync('prlimit', [
    `--pid=${String(pid)}`,
    `--fsize=${String(bytes)}`,
  ]);
  if (status !== 0) throw new Error(`prlimit has failed: ${stderr.toString()}`);
}
