import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Version of lmqtt, from its `package.json`, which lies two levels above the sources and the build alike. */
export function lmqttVersion(): string {
  const path = join(import.meta.dirname, '../../package.json');
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string };
  return version;
}
