import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { limitedCommand } from './child.ts';
import { ownProcess } from './leftovers.ts';
import { HOST } from './ready.ts';
import type { Running } from './peers/peer.ts';
import type { Scenario } from './scenarios.ts';

const run = promisify(execFile);

/** What the generator is asked to do, and the time after which it is killed. */
export type Load = Pick<Scenario, 'name' | 'options' | 'limitSeconds'>;

/**
 * Runs the load generator against a broker; the JSON line it printed. Rejects when it fails.
 * @param generator its command, to which the options are added
 */
export async function runLoad(
  generator: readonly string[],
  scenario: Load,
  broker: Running,
  core: number | undefined,
): Promise<string> {
  const processes = broker.pids.length === 0 ? [] : ['--pid', broker.pids.join(',')];
  const target = ['--host', HOST, '--port', String(broker.port), ...processes];
  const command = [...generator, ...target, '--label', scenario.name, ...scenario.options];
  const [file = 'sh', ...args] = limitedCommand(command, core);
  const running = run(file, args, {
    timeout: scenario.limitSeconds * 1000,
    killSignal: 'SIGKILL',
  });
  ownProcess(running.child);
  const { stdout } = await running;
  return stdout.trim();
}
