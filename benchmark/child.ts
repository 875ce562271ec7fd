import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownProcess } from './leftovers.ts';
import type { ChildProcess } from 'node:child_process';

/** A process that the benchmark started and alone may stop. */
export interface Child {
  readonly pid: number;
  /** True until the process has exited. */
  isAlive(): boolean;
  /** Asks the process to end, insists after `graceMs`, and returns when it has gone. */
  stop(graceMs: number): Promise<void>;
  /** Kills the process and returns when it has gone. */
  kill(): Promise<void>;
}

export interface ChildOptions {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** File that takes standard output and standard error. */
  readonly logFile: string;
  /** Core to run on; any when undefined. */
  readonly core: number | undefined;
}

/**
 * The command line that runs `command` with the hard limit of open files (10,000 connections need
 * it), on `core` when given. `exec` keeps the process id of the shell.
 */
export function limitedCommand(command: readonly string[], core: number | undefined): string[] {
  const pinned = core === undefined ? command : ['taskset', '-c', String(core), ...command];
  return ['sh', '-c', 'ulimit -n "$(ulimit -Hn)"; exec "$@"', 'sh', ...pinned];
}

const isAlive = (process: ChildProcess): boolean =>
  process.exitCode === null && process.signalCode === null;

async function stop(process: ChildProcess, graceMs: number): Promise<void> {
  if (!isAlive(process)) return;
  const exited = once(process, 'exit');
  process.kill('SIGTERM');
  await Promise.race([exited, sleep(graceMs, undefined, { ref: false })]);
  if (!isAlive(process)) return;
  process.kill('SIGKILL');
  await exited;
}

async function kill(process: ChildProcess): Promise<void> {
  if (!isAlive(process)) return;
  const exited = once(process, 'exit');
  process.kill('SIGKILL');
  await exited;
}

/** Starts a process. Rejects when the command cannot be run. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const log = openSync(options.logFile, 'a');
  const [file = 'sh', ...args] = limitedCommand(options.command, options.core);
  const started = spawn(file, args, {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  ownProcess(started);
  await once(started, 'spawn');
  const { pid } = started;
  if (pid === undefined) throw new Error(`no process id for ${options.command.join(' ')}`);
  return {
    pid,
    isAlive: () => isAlive(started),
    stop: (graceMs) => stop(started, graceMs),
    kill: () => kill(started),
  };
}
