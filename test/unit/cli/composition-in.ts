import { join } from 'node:path';
import type { Composition } from '../../../src/cli/composition.ts';
import { loadConfig } from '../../../src/cli/config/load-all.ts';
import { systemClock } from '../../../src/common/clock.ts';
import { silentLogger } from '../../../src/common/logger.ts';

/** What a process with these variables is made from, its files in one directory. */
export function compositionIn(
  directory: string,
  environment: Readonly<Record<string, string>>,
): Composition {
  return {
    config: loadConfig(directory, environment),
    directories: { conf: directory, data: join(directory, 'data') },
    logger: silentLogger,
    clock: systemClock,
  };
}
