import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

function newest(directory: string, extension: string): number {
  let latest = 0;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(extension)) continue;
    latest = Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return latest;
}

/** Whether `dist/` was built after the last change of `src/`; then restarts can skip the compiler. */
export function isBuildCurrent(): boolean {
  const main = statSync(join(ROOT, 'dist/cli/standalone-main.js'), { throwIfNoEntry: false });
  return (
    main !== undefined && newest(join(ROOT, 'dist'), '.js') >= newest(join(ROOT, 'src'), '.ts')
  );
}
