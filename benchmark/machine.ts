import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

/** Where and when the figures hold: one line each. */
export function describeMachine(dataBase: string): string[] {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  const filesystem = execFileSync('stat', ['-f', '-c', '%T', dataBase], {
    encoding: 'utf8',
  }).trim();
  return [
    new Date().toISOString(),
    `${String(processors.length)} cores (${model}), ${(totalmem() / 2 ** 30).toFixed(1)} GiB, Linux ${release()}, Node ${process.versions.node}`,
    `data directories on ${filesystem}`,
  ];
}
