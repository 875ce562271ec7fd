import { availableParallelism } from 'node:os';
import { ConfigError } from '../common/errors.ts';
import type { Composition } from './composition.ts';
import { cpuQuota } from './cpu-quota.ts';

/** Cores that this process may use all of; one at least. */
export function usableCores(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(cpuQuota())));
}

/**
 * Processes that serve MQTT. 1: the one with the store does, which is fastest unless each of the others and the store have a
 * core each (ADR 701).
 * @throws ConfigError for a conf file that no number of cores makes right
 */
export function workersToStart({ config, logger }: Composition, cores: number): number {
  const { workers: asked, workersBeyondCores } = config.connect;
  if (asked === 1) return 1;
  if (config.lmq.enableStoreAdmin) {
    throw new ConfigError('lmq.conf: enableStoreAdmin does not go with workers of connect.conf');
  }
  const fitting = Math.max(1, Math.min(asked, cores - 1));
  if (fitting === asked) return asked;
  if (workersBeyondCores) {
    logger.warn(
      { workers: asked, cores },
      'workers and store want more cores than there are (workersBeyondCores): fewer workers, or one, carry more',
    );
    return asked;
  }
  logger.warn(
    { workers: asked, started: fitting, cores },
    fitting === 1
      ? 'workers: too few cores for a process each and one for the store, so one process does everything, which carries more (workersBeyondCores starts all)'
      : 'workers: fewer are started, since each and the store want a core of their own (workersBeyondCores starts all)',
  );
  return fitting;
}
