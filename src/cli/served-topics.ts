import { splitList } from '../common/comma-list.ts';
import { ConfigError } from '../common/errors.ts';
import { isFirstLevel } from '../common/store-table.ts';
import type { StoreServerConf } from './config/store-server-keys.ts';

/** What a store serves by name. @throws ConfigError naming what is no first topic level */
export function servedTopicsFrom({ topics }: Pick<StoreServerConf, 'topics'>): readonly string[] {
  const levels = [...splitList(topics)];
  const wrong = levels.find((level) => !isFirstLevel(level));
  if (wrong !== undefined) {
    throw new ConfigError(`lmq.conf: topics: "${wrong}" is no first topic level`);
  }
  return levels;
}
