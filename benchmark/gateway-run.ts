import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { OWN } from './broker-names.ts';
import { buildGateway, buildLoadGenerator } from './build.ts';
import { startChild } from './child.ts';
import { cleanUpAtExit, ownDirectory, removeDirectory } from './leftovers.ts';
import { runLoad } from './load.ts';
import { describeMachine } from './machine.ts';
import { lmqtt } from './peers/lmqtt.ts';
import { freePort, HOST, waitUntilReady } from './ready.ts';
import type { Child } from './child.ts';

/** What the scripts beside run.ts share: lmqtt alone, on a directory that may outlive its process. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const READY_MS = 300_000;
const STOP_MS = 60_000;
const LOAD_LIMIT_SECONDS = 3600;
/** A second, in the kernel's unit of CPU time. */
const CLOCK_TICKS = 100;

/** Where the tables of the scripts go. */
export const RESULTS: string = join(ROOT, 'benchmark/results');

export interface Gateway {
  readonly port: number;
  readonly process: Child;
  /** Time from the start of the process until a client could sign in. */
  readonly readyMs: number;
}

export interface Workplace {
  /** Data directory of lmqtt and all that it writes. */
  readonly dir: string;
  /** The load generator's command, to which its options are added. */
  readonly generator: readonly string[];
}

/** Builds what is needed, once, before anything is measured. Returns the load generator's path. */
export function prepare(): string {
  cleanUpAtExit();
  const { path } = buildLoadGenerator(ROOT);
  buildGateway(ROOT);
  return path;
}

/**
 * Does something in a fresh directory that is removed afterwards.
 * @param launcher command that starts the load generator; without one it has lmqtt's own priority
 */
export async function withWorkplace<T>(
  binary: string,
  tmp: string | undefined,
  use: (place: Workplace) => Promise<T>,
  launcher: readonly string[] = [],
): Promise<T> {
  const base = tmp ?? tmpdir();
  mkdirSync(base, { recursive: true });
  const dir = mkdtempSync(join(base, 'lmqtt-benchmark-'));
  ownDirectory(dir);
  try {
    return await use({ dir, generator: [...launcher, binary] });
  } finally {
    removeDirectory(dir);
  }
}

/** How lmqtt is started where it is not as a user gets it. */
export interface GatewaySettings {
  /** `LMQTT_…` variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node.js. */
  readonly nodeFlags?: readonly string[];
}

/** Starts lmqtt, with its defaults but for `settings`, and waits until it serves. */
export async function startGateway(
  { dir }: Workplace,
  { env, nodeFlags = [] }: GatewaySettings = {},
): Promise<Gateway> {
  const port = await freePort();
  const listeners = { port, tls: undefined, webSocketPort: undefined };
  const prepared = lmqtt(OWN, 'ASYNC_FLUSH', nodeFlags).prepare(listeners, dir);
  const launch = { ...prepared, env: { ...prepared.env, ...env } };
  const begin = performance.now();
  const logFile = join(dir, 'broker.log');
  const started = await startChild({ ...launch, logFile, core: undefined });
  await waitUntilReady(port, () => started.isAlive(), READY_MS, 5);
  return { port, process: started, readyMs: performance.now() - begin };
}

export const stopGateway = (gateway: Gateway): Promise<void> => gateway.process.stop(STOP_MS);

/** Runs the load generator to its end; the JSON line it printed. */
export function load(place: Workplace, gateway: Gateway, options: string): Promise<string> {
  const broker = { port: gateway.port, pids: [gateway.process.pid] };
  const scenario = { name: 'load', options: options.split(' '), limitSeconds: LOAD_LIMIT_SECONDS };
  return runLoad(place.generator, scenario, broker, undefined);
}

const SET_UP_MS = 300_000;

/** Starts the load generator beside others; it runs until it is killed. Returns when it has set up. */
export async function background(
  place: Workplace,
  gateway: Gateway,
  options: string,
  logFile: string = join(place.dir, 'background.log'),
): Promise<Child> {
  const target = ['--host', HOST, '--port', String(gateway.port)];
  const command = [...place.generator, ...target, ...options.split(' ')];
  const started = await startChild({ command, env: {}, logFile, core: undefined });
  const end = performance.now() + SET_UP_MS;
  for (;;) {
    const log = readFileSync(logFile, 'utf8');
    if (/^mqttload: set up$/m.test(log)) return started;
    if (!started.isAlive() || performance.now() > end) {
      await started.kill();
      throw new Error(`the load generator did not set up: ${log}`);
    }
    await sleep(50);
  }
}

/** Resident memory of a process in bytes. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) * 1024;
}

/** Seconds of CPU time that a process has used since it began. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  // behind the command's name, which may have spaces: state is the first field, user and system time the 12th and 13th
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
}

/** Where the store of a workplace's gateway is. */
export const storeDirectory = ({ dir }: Workplace): string => join(dir, 'data', 'lmq');

/** Prints a table below the machine's description and writes it to `name` in the results. */
export function publish(name: string, tmp: string | undefined, lines: readonly string[]): void {
  const machine = describeMachine(tmp ?? tmpdir()).map((line) => `- ${line}`);
  const text = `${[...machine, '', ...lines].join('\n')}\n`;
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, name), text);
  process.stdout.write(text);
}
