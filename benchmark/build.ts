import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The compiled load generator. */
export interface LoadGenerator {
  readonly path: string;
  readonly hasTls: boolean;
}

const modified = (file: string): number => (existsSync(file) ? statSync(file).mtimeMs : 0);

/** Whether the compiler finds the headers of OpenSSL. */
function hasOpenSsl(): boolean {
  const input = '#include <openssl/ssl.h>\n';
  const { status } = spawnSync('cc', ['-E', '-x', 'c', '-'], { input, stdio: 'pipe' });
  return status === 0;
}

/** Compiles the load generator when the binary is missing or older than its source. */
export function buildLoadGenerator(root: string): LoadGenerator {
  const source = join(root, 'benchmark/mqttload/mqttload.c');
  const folder = join(root, 'benchmark/build');
  const hasTls = hasOpenSsl();
  const path = join(folder, hasTls ? 'mqttload-tls' : 'mqttload');
  if (modified(path) < modified(source)) {
    mkdirSync(folder, { recursive: true });
    const flags = ['-O2', '-Wall', '-Wextra', '-pthread', ...(hasTls ? ['-DWITH_TLS'] : [])];
    const libraries = ['-lm', ...(hasTls ? ['-lssl', '-lcrypto'] : [])];
    execFileSync('cc', [...flags, '-o', path, source, ...libraries], { stdio: 'inherit' });
  }
  return { path, hasTls };
}

/** Builds `dist` when it is missing or older than any source file. */
export function buildGateway(root: string): void {
  execFileSync('sh', [join(root, 'bin/build.sh')], { stdio: 'inherit' });
}
