import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const modified = (file: string): number => (existsSync(file) ? statSync(file).mtimeMs : 0);

/** Compiles the load generator when the binary is missing or older than its source; its path. */
export function buildLoadGenerator(root: string): string {
  const source = join(root, 'benchmark/mqttload/mqttload.c');
  const folder = join(root, 'benchmark/build');
  const binary = join(folder, 'mqttload');
  if (modified(binary) < modified(source)) {
    mkdirSync(folder, { recursive: true });
    const flags = ['-O2', '-Wall', '-Wextra', '-pthread'];
    execFileSync('cc', [...flags, '-o', binary, source, '-lm'], { stdio: 'inherit' });
  }
  return binary;
}

/** Builds `dist` when it is missing or older than any source file. */
export function buildGateway(root: string): void {
  execFileSync('sh', [join(root, 'bin/build.sh')], { stdio: 'inherit' });
}
