import type { ConfSpec } from '../../common/config/conf-spec.ts';
import { choice, flag, integer, text } from '../../common/config/key-schema.ts';
import { type StoreServerConf, storeServerKeys } from './store-server-keys.ts';

export type FlushDiskType = 'ASYNC_FLUSH' | 'SYNC_FLUSH';

/** `conf/lmq.conf`: the store. */
export interface LmqConf extends StoreServerConf {
  storePath: string;
  flushDiskType: FlushDiskType;
  fileReservedTime: number;
  maxLogBytes: number;
  retentionIntervalMs: number;
  tailBytes: number;
  maxBacklogBytes: number;
  blockBytes: number;
  writeBufferBytes: number;
  cacheBytes: number;
  compression: boolean;
  journalSmallCommits: boolean;
}

const MEBIBYTE = 1024 * 1024;
const GIBIBYTE = 1024 * MEBIBYTE;

export const lmqConf: ConfSpec<LmqConf> = {
  name: 'lmq',
  title: 'The store of messages and sessions, on RocksDB.',
  keys: {
    storePath: text({
      default: 'lmq',
      minLength: 1,
      description: 'Directory of the store, relative to the data directory.',
    }),
    flushDiskType: choice<FlushDiskType>(['ASYNC_FLUSH', 'SYNC_FLUSH'], {
      default: 'ASYNC_FLUSH',
      description:
        'What a message has survived when it is acknowledged. ASYNC_FLUSH: the death of the process; SYNC_FLUSH: that of the machine too.',
    }),
    fileReservedTime: integer({
      default: 72,
      minimum: 0,
      maximum: 876_000,
      unit: 'hours',
      description: 'Messages older than this are removed, read or not. 0 keeps them for ever.',
    }),
    maxLogBytes: integer({
      default: 0,
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      unit: 'bytes',
      description: 'The oldest messages are removed above this size of the log. 0: no limit.',
    }),
    retentionIntervalMs: integer({
      default: 60_000,
      minimum: 100,
      maximum: 86_400_000,
      unit: 'ms',
      description: 'How often the store looks for messages to remove.',
    }),
    tailBytes: integer({
      default: 64 * MEBIBYTE,
      minimum: 0,
      maximum: 64 * GIBIBYTE,
      unit: 'bytes',
      description:
        'Newest messages kept in memory for subscribers that keep up; slower ones read from disk.',
    }),
    maxBacklogBytes: integer({
      default: 64 * MEBIBYTE,
      minimum: 64 * 1024,
      maximum: 64 * GIBIBYTE,
      unit: 'bytes',
      description: 'Messages waiting to be written above which publishers are paused.',
    }),
    blockBytes: integer({
      default: 32 * 1024,
      minimum: 1024,
      maximum: 16 * MEBIBYTE,
      unit: 'bytes',
      description: 'Size of the blocks that messages are written in.',
    }),
    writeBufferBytes: integer({
      default: 64 * MEBIBYTE,
      minimum: MEBIBYTE,
      maximum: 16 * GIBIBYTE,
      unit: 'bytes',
      description: "RocksDB's write buffer.",
    }),
    cacheBytes: integer({
      default: 32 * MEBIBYTE,
      minimum: MEBIBYTE,
      maximum: 256 * GIBIBYTE,
      unit: 'bytes',
      description: "Cache for reads from disk: one half RocksDB's, one half blocks of messages.",
    }),
    compression: flag({
      default: true,
      description: 'RocksDB compresses its files (Snappy).',
    }),
    journalSmallCommits: flag({
      default: true,
      description:
        'With ASYNC_FLUSH, commits of a few messages become durable in a small journal beside RocksDB, written at once: about a third less latency at low rates. Under load commits go to RocksDB, unless each is over before the next message comes. May be changed at any start.',
    }),
    ...storeServerKeys,
  },
  retired: {
    storePathRootDir: 'set storePath',
  },
};
