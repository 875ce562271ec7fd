import { rmSync } from 'node:fs';
import type { ChildProcess } from 'node:child_process';

/** What must go when the benchmark ends early: its own processes and directories, nothing else. */
const processes = new Set<ChildProcess>();
const directories = new Set<string>();

/** Kills `child` if it still runs when the benchmark ends. */
export function ownProcess(child: ChildProcess): void {
  processes.add(child);
  child.once('exit', () => {
    processes.delete(child);
  });
}

export function ownDirectory(directory: string): void {
  directories.add(directory);
}

export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  directories.delete(directory);
}

/** Leaves nothing behind, also after an interrupt. */
export function cleanUpAtExit(): void {
  process.on('exit', () => {
    for (const child of processes) child.kill('SIGKILL');
    for (const directory of [...directories]) removeDirectory(directory);
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      process.exit(130);
    });
  }
}
