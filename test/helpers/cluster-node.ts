import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Address } from './raw-client.ts';
import { ServerProcess } from './server-process.ts';

const START_TIMEOUT_MS = 60_000;
const ROOT = resolve(import.meta.dirname, '../..');

export type NodeRole = 'namesrv' | 'lmq' | 'gateway';

export interface ClusterNodeOptions {
  readonly role: NodeRole;
  readonly name: string;
  /** Its home; made when missing. */
  readonly home: string;
  /** Where it listens: MQTT of a gateway, gRPC of the others. */
  readonly port: number;
  /** Variables of the program, `LMQTT_…`. */
  readonly environment: Readonly<Record<string, string>>;
  /** `dist/` instead of the sources. */
  readonly compiled: boolean;
}

/** One process of a cluster, with a home of its own. It keeps ports and data over its restarts. */
export class ClusterNode implements Address {
  readonly host = '127.0.0.1';
  readonly role: NodeRole;
  readonly name: string;
  readonly home: string;
  readonly port: number;
  readonly #options: ClusterNodeOptions;
  #process: ServerProcess | undefined;
  #isPaused = false;

  constructor(options: ClusterNodeOptions) {
    this.#options = options;
    this.role = options.role;
    this.name = options.name;
    this.home = options.home;
    this.port = options.port;
  }

  get alive(): boolean {
    return this.#process?.alive ?? false;
  }

  get pid(): number {
    if (this.#process === undefined) throw new Error(`${this.name} was never started`);
    return this.#process.pid;
  }

  /** Null while it runs, and when a signal has ended it. */
  get exitCode(): number | null {
    return this.#process?.exitCode ?? null;
  }

  get rssBytes(): number {
    if (this.#process === undefined) throw new Error(`${this.name} was never started`);
    return this.#process.rssBytes;
  }

  /** The last of what the process wrote on stdout and stderr: its log, too. */
  get output(): string {
    return this.#process?.output ?? '';
  }

  /** A value of the ready file. */
  ready(key: string): string | undefined {
    if (!existsSync(this.#readyFile)) return undefined;
    return new RegExp(`^${key}=(.*)$`, 'm').exec(readFileSync(this.#readyFile, 'utf8'))?.[1];
  }

  get #readyFile(): string {
    return join(this.home, 'run', `${this.role}.ready`);
  }

  /** Starts the process; does not wait until it is ready. */
  launch(variables: Readonly<Record<string, string>> = {}): void {
    if (this.alive) throw new Error(`${this.name} runs already`);
    const { role, compiled, environment } = this.#options;
    mkdirSync(this.home, { recursive: true });
    // A killed process leaves its file behind.
    rmSync(this.#readyFile, { force: true });
    this.#isPaused = false;
    this.#process = new ServerProcess({
      program: process.execPath,
      args: compiled
        ? [join(ROOT, `dist/cli/${role}-main.js`)]
        : ['--import=ts-blank-space/register', join(ROOT, `src/cli/${role}-main.ts`)],
      cwd: ROOT,
      env: {
        LMQTT_HOME: this.home,
        LMQTT_CLUSTER_NODE_NAME: this.name,
        LMQTT_SERVICE_LOG_LEVEL: 'info',
        ...environment,
        ...variables,
      },
    });
  }

  /** Resolves when the process that was launched serves; rejects, with its output, when it ends before. */
  async untilReady(): Promise<void> {
    const server = this.#process;
    if (server === undefined) throw new Error(`${this.name} was never started`);
    await server.untilReady(() => this.ready('pid') === String(server.pid), START_TIMEOUT_MS);
  }

  async start(variables: Readonly<Record<string, string>> = {}): Promise<void> {
    this.launch(variables);
    await this.untilReady();
  }

  /** SIGKILL; resolves when the process has gone. */
  async crash(): Promise<void> {
    await this.#process?.kill('SIGKILL');
  }

  /** SIGTERM; resolves when the process has gone. */
  async stop(): Promise<void> {
    this.resume();
    await this.#process?.kill('SIGTERM');
  }

  /** SIGSTOP: it does nothing until `resume`, and its sockets stay open. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
    this.#isPaused = true;
  }

  /** SIGCONT. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.alive) process.kill(this.pid, 'SIGCONT');
  }
}
