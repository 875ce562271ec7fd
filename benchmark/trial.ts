import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../src/common/errors.ts';
import { startChild } from './child.ts';
import { ownDirectory, removeDirectory } from './leftovers.ts';
import { runLoad } from './load.ts';
import { freePort, waitUntilReady } from './ready.ts';
import { parseSample } from './result.ts';
import type { Peer } from './peers/peer.ts';
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

/** One run: a fresh broker on a fresh directory, the scenario, and everything gone afterwards. */
export async function runTrial(
  peer: Peer,
  scenario: Scenario,
  options: TrialOptions,
): Promise<Sample> {
  const base = options.tmp ?? tmpdir();
  mkdirSync(base, { recursive: true });
  const dir = mkdtempSync(join(base, 'lmqtt-benchmark-'));
  ownDirectory(dir);
  const logFile = join(dir, 'broker.log');
  try {
    const port = await freePort();
    const launch = peer.prepare(port, dir);
    const core = options.isPinned ? BROKER_CORE : undefined;
    const broker = await startChild({ ...launch, logFile, core });
    try {
      await waitUntilReady(port, () => broker.isAlive(), READY_MS);
      const generatorCore = options.isPinned ? GENERATOR_CORE : undefined;
      const at = { port, pid: broker.pid };
      return parseSample(await runLoad(options.binary, scenario, at, generatorCore));
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
