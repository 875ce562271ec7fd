import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Environment } from '../common/config/load-conf.ts';
import { ConfigError, messageOf } from '../common/errors.ts';

/** Where the process reads and writes; absolute paths. */
export interface Directories {
  readonly conf: string;
  readonly data: string;
  readonly logs: string;
  readonly run: string;
}

/**
 * Directories named by the environment, else below `LMQTT_HOME`.
 * @param projectRoot home when `LMQTT_HOME` is not set
 */
export function directoriesFrom(environment: Environment, projectRoot: string): Directories {
  const home = resolve(valueOf(environment['LMQTT_HOME']) ?? projectRoot);
  const directory = (variable: string, name: string): string =>
    resolve(valueOf(environment[variable]) ?? join(home, name));
  return {
    conf: directory('LMQTT_CONF_DIR', 'conf'),
    data: directory('LMQTT_DATA_DIR', 'data'),
    logs: directory('LMQTT_LOG_DIR', 'logs'),
    run: directory('LMQTT_RUN_DIR', 'run'),
  };
}

/**
 * Creates a directory and its parents.
 * @throws ConfigError naming the directory
 */
export function ensureDirectory(path: string, purpose: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new ConfigError(`${purpose} ${path} cannot be created: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function valueOf(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
