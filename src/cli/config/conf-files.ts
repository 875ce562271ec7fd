import { asAnySpec } from '../../common/config/load-conf.ts';
import type { AnyConfSpec } from '../../common/config/conf-spec.ts';
import { clusterConf } from './cluster-conf.ts';
import { connectFile } from './listener-sections.ts';
import { lmqConf } from './lmq-conf.ts';
import { namesrvConf } from './namesrv-conf.ts';
import { serviceConf } from './service-conf.ts';

/** Every configuration file, in the order of the documentation. */
export const confFiles: readonly AnyConfSpec[] = [
  asAnySpec(connectFile),
  asAnySpec(serviceConf),
  asAnySpec(lmqConf),
  asAnySpec(namesrvConf),
  asAnySpec(clusterConf),
];

/**
 * Variables that are no configuration keys: directories that `bin/mqtt.sh` sets, the number of a worker, and
 * the prefix left to the test suite.
 */
export const directoryVariables: readonly string[] = [
  'LMQTT_HOME',
  'LMQTT_CONF_DIR',
  'LMQTT_DATA_DIR',
  'LMQTT_LOG_DIR',
  'LMQTT_RUN_DIR',
  'LMQTT_WORKER',
];
export const TEST_VARIABLE_PREFIX = 'LMQTT_TEST_';
