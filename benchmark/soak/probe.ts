import { spawnSync } from 'node:child_process';
import { background } from '../gateway-run.ts';
import type { Child } from '../child.ts';
import type { Gateway, Workplace } from '../gateway-run.ts';

/** Messages/s of the probe: enough for a p99.9 of half a minute, too few to be a load. */
const RATE = 100;
const OPTIONS = `--qos 1 --pubs 1 --subs 1 --payload 16 --window 1000 --keepalive 0 --drain-timeout 15 --prefix probe --topic probe --rate ${RATE}`;
/** A real-time priority: what it measures is lmqtt's delay and never its own wait for a core. */
const REAL_TIME = ['-f', '50'];

export interface Probe {
  readonly process: Child;
  readonly logFile: string;
  /** Whether it goes before everything else on the machine. */
  readonly isRealTime: boolean;
}

function mayBeRealTime(): boolean {
  return spawnSync('chrt', [...REAL_TIME, 'true'], { stdio: 'ignore' }).status === 0;
}

/**
 * Starts one publisher and one subscriber with a topic of their own beside the load. The generators of the load share the
 * machine with lmqtt and are late themselves; a message of the probe takes what it takes for a client on
 * another machine.
 */
export async function startProbe(
  place: Workplace,
  gateway: Gateway,
  seconds: number,
  interval: number,
): Promise<Probe> {
  const binary = place.generator.slice(-1);
  const isRealTime = mayBeRealTime();
  const generator = isRealTime ? ['chrt', ...REAL_TIME, ...binary] : binary;
  const logFile = `${place.dir}/probe.log`;
  const options = `${OPTIONS} --duration ${seconds} --interval ${interval}`;
  const process = await background({ ...place, generator }, gateway, options, logFile);
  return { process, logFile, isRealTime };
}
