import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../src/common/errors.ts';
import { makeCertificate } from './certificate.ts';
import { startChild } from './child.ts';
import { ownDirectory, removeDirectory } from './leftovers.ts';
import { runLoad } from './load.ts';
import { freePort, waitUntilReady } from './ready.ts';
import { parseSample } from './result.ts';
import type { Listeners, Peer, Running, StartedPeer } from './peers/peer.ts';
import type { Sample } from './result.ts';
import type { Scenario } from './scenarios.ts';

export interface TrialOptions {
  /** The load generator. */
  readonly binary: string;
  readonly isPinned: boolean;
  readonly tmp: string | undefined;
}

const READY_MS = 30_000;
const STOP_MS = 15_000;
const BROKER_CORE = 0;
const GENERATOR_CORE = 1;

/** The last lines of the broker's log, for the text of a failure. */
function logTail(file: string): string {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.slice(-5).join('\n');
}

/** Ports for what the scenario needs. Rejects when there is no certificate to be had. */
async function listenersFor(scenario: Scenario, dir: string): Promise<Listeners> {
  const port = await freePort();
  const certificate = scenario.needs.includes('TLS') ? makeCertificate(dir) : undefined;
  return {
    port,
    tls: certificate && { port: await freePort(), ...certificate },
    webSocketPort: scenario.needs.includes('WebSocket') ? await freePort() : undefined,
  };
}

/** One run: a fresh broker on a fresh directory, the scenario, and everything gone afterwards. */
async function runFresh(
  peer: StartedPeer,
  scenario: Scenario,
  options: TrialOptions,
): Promise<Sample> {
  const base = options.tmp ?? tmpdir();
  mkdirSync(base, { recursive: true });
  const dir = mkdtempSync(join(base, 'lmqtt-benchmark-'));
  ownDirectory(dir);
  const logFile = join(dir, 'broker.log');
  try {
    const listeners = await listenersFor(scenario, dir);
    const launch = peer.prepare(listeners, dir);
    const core = options.isPinned ? BROKER_CORE : undefined;
    const broker = await startChild({ ...launch, logFile, core });
    try {
      await waitUntilReady(listeners.port, () => broker.isAlive(), READY_MS);
      const port = listeners.tls?.port ?? listeners.webSocketPort ?? listeners.port;
      return await measure(scenario, { port, pids: [broker.pid] }, options);
    } catch (error) {
      const state = broker.isAlive() ? 'broker alive' : 'BROKER DEAD';
      throw new Error(`${messageOf(error)} (${state})\n${logTail(logFile)}`, { cause: error });
    } finally {
      await broker.stop(STOP_MS);
    }
  } finally {
    removeDirectory(dir);
  }
}

async function measure(
  scenario: Scenario,
  broker: Running,
  options: TrialOptions,
): Promise<Sample> {
  const core = options.isPinned ? GENERATOR_CORE : undefined;
  return parseSample(await runLoad([options.binary], scenario, broker, core));
}

/** One run of the scenario, with the broker that the peer starts or has. */
export async function runTrial(
  peer: Peer,
  scenario: Scenario,
  options: TrialOptions,
): Promise<Sample> {
  if (!('running' in peer)) return runFresh(peer, scenario, options);
  await waitUntilReady(peer.running.port, () => true, READY_MS);
  return measure(scenario, peer.running, options);
}
