import { mkdir, readdir } from 'node:fs/promises';
import { ErrorCode, StoreError, messageOf } from '../../common/errors.ts';
import { corrupt } from './corrupt.ts';
import type { FilterTable } from './filter-table.ts';
import type { KvEngine } from './kv-engine.ts';
import { decodeFilter, filterOfKey } from './layout/v1/filter-key.ts';
import { Keyspace, keyspaceRange } from './layout/v1/keyspace.ts';
import { blockOfLogKey } from './layout/v1/log-key.ts';
import {
  decodeFormat,
  decodeLogBound,
  encodeFormat,
  FORMAT_KEY,
  FORMAT_VERSION,
  LOG_END_KEY,
  LOG_START_KEY,
  type LogBound,
} from './layout/v1/meta.ts';
import { idOfIdKey } from './layout/v1/name-key.ts';
import { decodeTimeMark } from './layout/v1/time-key.ts';
import type { LogBounds } from './log-bounds.ts';
import type { QueueDictionary } from './queue-dictionary.ts';
import { isRecentEntries } from './layout/v1/recent-entries.ts';
import { blockOfRecentKey } from './layout/v1/recent-key.ts';
import type { RecentIndex } from './recent-index.ts';

/** What RocksDB leaves behind when it dies before its first database is complete. */
const LEFT_BY_CREATION = /^(LOCK|LOG|LOG\.old\..*|IDENTITY|MANIFEST-\d+|OPTIONS-.*|.*\.dbtmp)$/;
const NO_BOUND: LogBound = { block: 0, bytesBefore: 0, recordsBefore: 0 };

/** Opens the engine and reads what the parts begin with; nothing stays open when that fails. */
export async function recover(parts: {
  readonly engine: KvEngine;
  readonly bounds: LogBounds;
  readonly dictionary: QueueDictionary;
  readonly filters: FilterTable;
  readonly recent: RecentIndex;
}): Promise<void> {
  const { engine } = parts;
  await prepareDirectory(engine.directory);
  await engine.open();
  try {
    await checkFormat(engine);
    await restoreBounds(engine, parts.bounds);
    await restoreDictionary(engine, parts.dictionary);
    await restoreFilters(engine, parts.filters);
    await restoreRecent(engine, parts.bounds, parts.recent);
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** Makes the directory, and refuses one that holds something else than a database. */
async function prepareDirectory(directory: string): Promise<void> {
  let names: string[];
  try {
    await mkdir(directory, { recursive: true });
    names = await readdir(directory);
  } catch (error) {
    throw new StoreError(
      ErrorCode.STORE_UNAVAILABLE,
      `cannot use ${directory}: ${messageOf(error)}`,
      { cause: error },
    );
  }
  if (names.includes('CURRENT')) return;
  const foreign = names.find((name) => !LEFT_BY_CREATION.test(name));
  if (foreign !== undefined) {
    throw new StoreError(
      ErrorCode.STORE_CORRUPT,
      `${directory} is not empty and holds no database: found ${foreign}`,
    );
  }
}

/** Checks that an open database is ours; a new one is made ours. */
async function checkFormat(engine: KvEngine): Promise<void> {
  const { directory } = engine;
  const value = await engine.get(FORMAT_KEY);
  if (value === undefined) {
    const [entry] = await engine.read({}, 1);
    if (entry !== undefined) {
      throw new StoreError(
        ErrorCode.STORE_CORRUPT,
        `${directory} is a database of another program: no format record, but key 0x${entry.key.toString('hex', 0, 16)}`,
      );
    }
    await writeFormat(engine);
    return;
  }
  const version = decodeFormat(value);
  if (version === FORMAT_VERSION) return;
  const found =
    version === undefined
      ? `format record 0x${value.toString('hex', 0, 16)}`
      : `format version ${String(version)}`;
  throw new StoreError(
    ErrorCode.STORE_CORRUPT,
    `${directory} has ${found}; this program reads version ${String(FORMAT_VERSION)}`,
  );
}

function writeFormat(engine: KvEngine): Promise<void> {
  const batch = engine.batch();
  batch.put(FORMAT_KEY, encodeFormat(FORMAT_VERSION));
  return new Promise((resolve, reject) => {
    batch.write(true, (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}

/** Where the log begins and ends; refuses a log whose newest block is not the one that the end says. */
async function restoreBounds(engine: KvEngine, bounds: LogBounds): Promise<void> {
  const [startValue, endValue] = await engine.getMany([LOG_START_KEY, LOG_END_KEY]);
  const start = decodeBound(engine, 'start', startValue);
  const end = decodeBound(engine, 'end', endValue);
  const [newest] = await engine.read({ ...keyspaceRange(Keyspace.LOG), reverse: true }, 1);
  const behind = newest === undefined ? start.block : blockOfLogKey(newest.key) + 1;
  if (behind !== end.block && !(behind < end.block && start.block === end.block)) {
    throw corrupt(
      engine.directory,
      `the log ends before block ${String(behind)}, its end is recorded as ${String(end.block)}`,
    );
  }
  const [lastMark] = await engine.read({ ...keyspaceRange(Keyspace.TIME), reverse: true }, 1);
  const mark = lastMark === undefined ? undefined : decodeTimeMark(lastMark.key, lastMark.value);
  if (lastMark !== undefined && mark === undefined) throw corrupt(engine.directory, 'a time mark');
  bounds.restore(start, end, mark);
}

function decodeBound(engine: KvEngine, name: string, value: Buffer | undefined): LogBound {
  if (value === undefined) return NO_BOUND;
  const bound = decodeLogBound(value);
  if (bound === undefined) throw corrupt(engine.directory, `the record of the log's ${name}`);
  return bound;
}

async function restoreDictionary(engine: KvEngine, dictionary: QueueDictionary): Promise<void> {
  const range = { ...keyspaceRange(Keyspace.ID_TO_NAME), reverse: true };
  const [newest] = await engine.read(range, 1);
  dictionary.restore(newest === undefined ? 1 : idOfIdKey(newest.key) + 1);
}

async function restoreFilters(engine: KvEngine, filters: FilterTable): Promise<void> {
  for await (const { key, value } of engine.scan(keyspaceRange(Keyspace.FILTER))) {
    const record = decodeFilter(value);
    if (record === undefined) {
      throw corrupt(engine.directory, `the record of filter ${filterOfKey(key)}`);
    }
    filters.restore(filterOfKey(key), record);
  }
}

async function restoreRecent(
  engine: KvEngine,
  bounds: LogBounds,
  recent: RecentIndex,
): Promise<void> {
  for await (const { key, value } of engine.scan(keyspaceRange(Keyspace.RECENT_INDEX))) {
    const block = blockOfRecentKey(key);
    if (!(block < bounds.end.block) || !isRecentEntries(value)) {
      const what = `the recent index entries of key 0x${key.toString('hex')}`;
      throw corrupt(engine.directory, what);
    }
    recent.restore(block, value);
  }
}
