import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { limitedCommand } from './child.ts';
import { ownProcess } from './leftovers.ts';
import { HOST } from './ready.ts';
import type { Scenario } from './scenarios.ts';

const run = promisify(execFile);

/** Runs the load generator against a broker; the JSON line it printed. Rejects when it fails. */
export async function runLoad(
  binary: string,
  scenario: Scenario,
  broker: { readonly port: number; readonly pid: number },
  core: number | undefined,
): Promise<string> {
  const target = ['--host', HOST, '--port', String(broker.port), '--pid', String(broker.pid)];
  const command = [binary, ...target, '--label', scenario.name, ...scenario.options];
  const [file = 'sh', ...args] = limitedCommand(command, core);
  const running = run(file, args, {
    timeout: scenario.limitSeconds * 1000,
    killSignal: 'SIGKILL',
  });
  ownProcess(running.child);
  const { stdout } = await running;
  return stdout.trim();
}
