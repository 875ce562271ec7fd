import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkEnvironment } from '../../common/config/check-environment.ts';
import type { ConfSpec } from '../../common/config/conf-spec.ts';
import {
  type ConfSource,
  type Environment,
  loadConf,
  loadSections,
  redacted,
} from '../../common/config/load-conf.ts';
import { ConfigError, messageOf } from '../../common/errors.ts';
import { isMissing } from '../../common/is-missing.ts';
import { clusterConf, type ClusterConf } from './cluster-conf.ts';
import { confFiles, directoryVariables, TEST_VARIABLE_PREFIX } from './conf-files.ts';
import { connectConf, type ConnectConf } from './connect-conf.ts';
import { connectFile, type ListenerSection, listenerSections } from './listener-sections.ts';
import { lmqConf, type LmqConf } from './lmq-conf.ts';
import { namesrvConf, type NamesrvConf } from './namesrv-conf.ts';
import { serviceConf, type ServiceConf } from './service-conf.ts';

/** The whole configuration, checked and frozen. */
export interface Config {
  readonly connect: Readonly<ConnectConf>;
  /** The `[listener.…]` sections of `connect.conf`. */
  readonly listeners: readonly ListenerSection[];
  readonly service: Readonly<ServiceConf>;
  readonly lmq: Readonly<LmqConf>;
  readonly namesrv: Readonly<NamesrvConf>;
  readonly cluster: Readonly<ClusterConf>;
}

/**
 * Reads every file of `directory` (a missing one means defaults) and the environment.
 * @throws ConfigError naming what is wrong and where
 */
export function loadConfig(directory: string, environment: Environment): Config {
  checkEnvironment(confFiles, [...directoryVariables, TEST_VARIABLE_PREFIX], environment);
  const sourceOf = (spec: { readonly name: string }): ConfSource => {
    const origin = join(directory, `${spec.name}.conf`);
    return { origin, text: readIfPresent(origin) };
  };
  const load = <T extends object>(spec: ConfSpec<T>): Readonly<T> =>
    loadConf(spec, sourceOf(spec), environment);
  return Object.freeze({
    connect: load(connectFile),
    listeners: loadSections(listenerSections, sourceOf(connectFile)),
    service: load(serviceConf),
    lmq: load(lmqConf),
    namesrv: load(namesrvConf),
    cluster: load(clusterConf),
  });
}

/** The configuration without secrets, for a log line. */
export function redactedConfig(config: Config): object {
  return {
    connect: redacted(connectConf, config.connect),
    listeners: Object.fromEntries(
      config.listeners.map(({ name, values }) => [name, redacted(listenerSections, values)]),
    ),
    service: redacted(serviceConf, config.service),
    lmq: redacted(lmqConf, config.lmq),
    namesrv: redacted(namesrvConf, config.namesrv),
    cluster: redacted(clusterConf, config.cluster),
  };
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new ConfigError(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
