import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
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
 * Creates a directory with its parents, and checks that it can be written to.
 * @throws ConfigError naming the directory
 */
export function ensureDirectory(path: string, purpose: string): void {
  try {
    makeDirectory(path);
  } catch (error) {
    throw new ConfigError(`${purpose} ${path} cannot be created: ${messageOf(error)}`, {
      cause: error,
    });
  }
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new ConfigError(`${purpose} ${path} cannot be written to: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Not the recursive mkdir of Node 20, which never returns below a place like /proc. */
function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have been faster.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}

function valueOf(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
