import { join, resolve } from 'node:path';
import { systemClock } from '../common/clock.ts';
import { ConfigError } from '../common/errors.ts';
import { type Config, loadConfig, redactedConfig } from './config/load-all.ts';
import { type Directories, directoriesFrom, ensureDirectory } from './directories.ts';
import { openLog, type ProcessLog } from './pino-log.ts';
import { exitOnUnhandled, exitWithError, keepAlive, stopOnSignals } from './process-guard.ts';
import { ReadyFile } from './ready-file.ts';
import { createStandalone } from './standalone.ts';

/** Runs in the background under `bin/mqtt.sh start`: no console log, SIGHUP opens the log file anew. */
const DAEMON = '--daemon';

async function main(log: LogHolder): Promise<void> {
  const isDaemon = readArguments(process.argv.slice(2));
  const directories = directoriesFrom(process.env, join(import.meta.dirname, '..', '..'));
  const config = loadConfig(directories.conf, process.env);
  const logFile = logFileOf(config, directories);
  log.current = openLog({
    level: config.service.logLevel,
    file: logFile,
    console: config.service.logConsole && !isDaemon,
  });
  const { logger } = log.current;
  exitOnUnhandled(log.current);
  logger.info({ pid: process.pid, directories, config: redactedConfig(config) }, 'starting');

  ensureDirectory(directories.data, 'data directory');
  const standalone = createStandalone(config, directories, logger, systemClock);
  const readyFile = new ReadyFile(directories.run, 'standalone');
  const stop = async (): Promise<void> => {
    readyFile.remove();
    await standalone.stop();
  };
  keepAlive();
  const shutdown = stopOnSignals({ log: log.current, isDaemon, stop });
  await standalone.start();
  if (shutdown.isStopping) return;
  const listeners = {
    mqtt: standalone.mqttAddresses('mqtt'),
    mqtts: standalone.mqttAddresses('mqtts'),
    ws: standalone.mqttAddresses('ws'),
    wss: standalone.mqttAddresses('wss'),
  };
  const namesrv = standalone.namesrvAddress();
  const metrics = standalone.metricsAddress();
  readyFile.write({
    pid: process.pid,
    ...listeners,
    namesrv,
    metrics,
    data: directories.data,
    log: logFile ?? 'none',
    stopTimeoutMs: config.connect.stopTimeoutMs,
  });
  logger.info({ ...listeners, namesrv, metrics, data: directories.data }, 'ready');
}

interface LogHolder {
  current: ProcessLog | undefined;
}

/** @throws ConfigError for an argument that does not exist */
function readArguments(args: readonly string[]): boolean {
  const unknown = args.find((argument) => argument !== DAEMON);
  if (unknown !== undefined) throw new ConfigError(`unknown argument '${unknown}'`);
  return args.includes(DAEMON);
}

function logFileOf(config: Config, directories: Directories): string | undefined {
  const { logFile } = config.service;
  return logFile === '' ? undefined : resolve(directories.logs, logFile);
}

const log: LogHolder = { current: undefined };
try {
  await main(log);
} catch (error) {
  exitWithError(log.current, error, 'the start failed');
}
