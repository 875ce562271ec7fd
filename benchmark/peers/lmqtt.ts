import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FlushDiskType } from '../options.ts';
import type { Peer } from './peer.ts';

const program = fileURLToPath(new URL('../../dist/cli/standalone-main.js', import.meta.url));

/**
 * lmqtt as a user gets it: every key at its default, but for the ports, the directories and the flush
 * type. `LMQTT_…` variables of the caller's environment still apply; the note names them.
 */
export function lmqtt(name: string, flush: FlushDiskType, nodeFlags: readonly string[]): Peer {
  const set = Object.entries(process.env).filter(([key]) => key.startsWith('LMQTT_'));
  const extra = [...nodeFlags, ...set.map(([key, value = '']) => `${key}=${value}`)];
  const note = `RocksDB store, flushDiskType=${flush}, all else at its default`;
  return {
    name,
    note: extra.length === 0 ? note : `${note} but ${extra.join(' ')}`,
    prepare: (port, dir) => ({
      command: [process.execPath, ...nodeFlags, program],
      env: {
        LMQTT_CONNECT_MQTT_PORT: String(port),
        LMQTT_NAMESRV_LISTEN_PORT: '0',
        LMQTT_LMQ_FLUSH_DISK_TYPE: flush,
        LMQTT_CONF_DIR: join(dir, 'conf'),
        LMQTT_DATA_DIR: join(dir, 'data'),
        LMQTT_LOG_DIR: join(dir, 'logs'),
        LMQTT_RUN_DIR: join(dir, 'run'),
      },
    }),
  };
}
