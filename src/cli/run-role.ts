import { join, parse, resolve } from 'node:path';
import { systemClock } from '../common/clock.ts';
import { ConfigError, messageOf } from '../common/errors.ts';
import { silentLogger } from '../common/logger.ts';
import type { Composition, Role } from './composition.ts';
import { type Config, loadConfig, redactedConfig } from './config/load-all.ts';
import { warningsOfUnreadFiles } from './config/unread-files.ts';
import { type Directories, directoriesFrom, ensureDirectory } from './directories.ts';
import { openLog, type ProcessLog } from './pino-log.ts';
import {
  exitOnUnhandled,
  exitWithError,
  keepAlive,
  type Shutdown,
  stopOnSignals,
} from './process-guard.ts';
import { startErrorText } from './port-keys.ts';
import { ReadyFile, type ReadyFacts } from './ready-file.ts';

/** Runs in the background under `bin/mqtt.sh start`: no console log, SIGHUP opens the log file anew. */
const DAEMON = '--daemon';
/** Reads the configuration and says what is wrong with it; starts nothing. */
const CHECK = '--check';

/** Who is told that the process serves. */
export interface Announcer {
  write(facts: ReadyFacts): void;
  /** It does not any more. */
  remove(): void;
}

/** What a process is to be. */
export interface RoleSpec {
  /** As `bin/mqtt.sh` knows it; names the files of the process. */
  readonly name: string;
  /** @throws ConfigError when the configuration contradicts itself */
  create(composition: Composition): Role;
  /**
   * Reads the files that the configuration names.
   * @throws ConfigError when one is missing or wrong
   */
  checkFiles?(composition: Composition): Promise<void>;
  /** Whether it keeps something in the data directory. */
  readonly hasData: boolean;
  /** A file in the run directory unless given. */
  readonly announcer?: Announcer;
  /** Of every line of the log, which the process shares with standalone; a log of its own unless given. */
  readonly logFields?: Readonly<Record<string, unknown>>;
  /** Called when it can be stopped, before it starts. */
  onShutdown?(shutdown: Shutdown): void;
  /** How long a stop may take, ms. */
  stopTimeoutMs(config: Config): number;
}

/** The whole life of a process: reads its configuration, starts, says where it serves, stops on a signal. */
export async function runRole(spec: RoleSpec): Promise<void> {
  const known: Known = { log: undefined, config: undefined };
  try {
    await run(spec, known);
  } catch (error) {
    exitWithError(known.log, error, 'the start failed', startErrorText(error, known.config));
  }
}

/** What a failed start is told with, as far as it has come. */
interface Known {
  log: ProcessLog | undefined;
  config: Config | undefined;
}

async function run(spec: RoleSpec, known: Known): Promise<void> {
  const args = readArguments(process.argv.slice(2));
  const isDaemon = args.has(DAEMON);
  const directories = directoriesFrom(process.env, join(import.meta.dirname, '..', '..'));
  const config = loadConfig(directories.conf, process.env);
  known.config = config;
  // A worker has the files of the first process, which has said it.
  const warnings =
    spec.logFields === undefined ? warningsOfUnreadFiles(directories.conf, config) : [];
  if (args.has(CHECK)) {
    const composition = { config, directories, logger: silentLogger, clock: systemClock };
    spec.create(composition);
    await spec.checkFiles?.(composition);
    for (const warning of warnings) warn(warning);
    return;
  }
  const logFile = logFileOf(
    config,
    directories,
    spec.logFields === undefined ? spec.name : STANDALONE,
  );
  let log = openLog({
    level: config.service.logLevel,
    file: logFile,
    console: config.service.logConsole && !isDaemon,
  });
  if (spec.logFields !== undefined) {
    log = { ...log, logger: log.logger.child({ ...spec.logFields }) };
  }
  known.log = log;
  const { logger } = log;
  exitOnUnhandled(log);
  const { pid } = process;
  logger.info({ pid, role: spec.name, directories, config: redactedConfig(config) }, 'starting');
  for (const warning of warnings) {
    logger.warn({}, warning);
    if (isDaemon) warn(warning);
  }

  if (spec.hasData) ensureDirectory(directories.data, 'data directory');
  const role = spec.create({ config, directories, logger, clock: systemClock, tell });
  const ready = spec.announcer ?? new ReadyFile(directories.run, spec.name);
  const stop = async (): Promise<void> => {
    ready.remove();
    await role.stop();
  };
  keepAlive();
  const shutdown = stopOnSignals({ log, isDaemon, stop });
  spec.onShutdown?.(shutdown);
  role.onFailed?.((error) => {
    ready.remove();
    exitWithError(log, error, 'a write to the disk has failed, the process ends');
  });
  try {
    await role.start();
  } catch (error) {
    if (!shutdown.isStopping) throw error;
    // The stop has ended it, waits for that, and ends the process.
    logger.info({ reason: messageOf(error) }, 'the start was given up');
    return;
  }
  const data = spec.hasData ? directories.data : undefined;
  const announce = (): void => {
    if (shutdown.isStopping) return;
    const where = role.where();
    const others = { data, log: logFile ?? 'none', stopTimeoutMs: spec.stopTimeoutMs(config) };
    ready.write({ pid, ...where, ...others });
    logger.info({ ...where, data }, 'ready');
  };
  announce();
  role.onMoved?.(announce);
}

/** @throws ConfigError for an argument that does not exist */
function readArguments(args: readonly string[]): ReadonlySet<string> {
  const unknown = args.find((argument) => argument !== DAEMON && argument !== CHECK);
  if (unknown === undefined) return new Set(args);
  throw new ConfigError(`unknown argument '${unknown}': there are ${DAEMON} and ${CHECK}`);
}

/** For who has started the process: `bin/mqtt.sh start` repeats the last one when it gives up. */
function tell(text: string): void {
  // Not the form of an error: `bin/mqtt.sh` tells them apart.
  process.stderr.write(`lmqtt is ${text}\n`);
}

/** For who has started the process or checks its configuration: `bin/mqtt.sh start` repeats them, as `check` lets them through. */
function warn(text: string): void {
  process.stderr.write(`lmqtt warns: ${text}\n`);
}

/** Roles have a log each: `lmqtt.log` is `lmqtt-gateway.log` for the role gateway. */
export function logFileOf(
  { service }: Pick<Config, 'service'>,
  directories: Pick<Directories, 'logs'>,
  role: string,
): string | undefined {
  const { logFile } = service;
  if (logFile === '') return undefined;
  const path = resolve(directories.logs, logFile);
  if (role === STANDALONE) return path;
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}-${role}${ext}`);
}

/** The role of a process that has all others in it. */
export const STANDALONE = 'standalone';
