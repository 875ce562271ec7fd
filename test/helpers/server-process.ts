import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from './eventually.ts';

const KEPT_OUTPUT = 32 * 1024;
const STOP_TIMEOUT_MS = 20_000;

export interface ServerCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Children that a failed test may have left behind. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One run of a server program. */
export class ServerProcess {
  readonly #child: ChildProcess;
  #output = '';

  constructor(command: ServerCommand) {
    this.#child = spawn(command.program, command.args, {
      env: { ...process.env, ...command.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    });
    running.add(this.#child);
    this.#child.once('exit', () => running.delete(this.#child));
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString('utf8')).slice(-KEPT_OUTPUT);
    };
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('the server program could not be started');
    return pid;
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Null while it runs, and when a signal has ended it. */
  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  /** The last of what the process wrote on stdout and stderr. */
  get output(): string {
    return this.#output;
  }

  /** Resident memory of the process, bytes. */
  get rssBytes(): number {
    const status = readFileSync(`/proc/${String(this.pid)}/status`, 'utf8');
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kilobytes === undefined) throw new Error(`no VmRSS of ${String(this.pid)}`);
    return Number(kilobytes) * 1024;
  }

  /** Waits until `isReady` says so; fails at once, with the output, when the process ends before. */
  async untilReady(isReady: () => boolean | Promise<boolean>, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!(await isReady())) {
      if (!this.alive) throw new Error(`the server ended before it was ready:\n${this.#output}`);
      if (performance.now() > deadline)
        throw new Error(`the server is not ready:\n${this.#output}`);
      await sleep(10);
    }
  }

  /** Sends the signal and waits until the process has gone. */
  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (!this.alive) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    await within(`the server to end after ${signal}`, STOP_TIMEOUT_MS, exited);
  }
}
