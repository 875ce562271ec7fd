import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FlushDiskType } from '../options.ts';
import { LACKS_NOTHING } from './peer.ts';
import type { Listeners, StartedPeer } from './peer.ts';

const program = fileURLToPath(new URL('../../dist/cli/standalone-main.js', import.meta.url));
/** What `bin/mqtt.sh` starts programs with. */
const starter = fileURLToPath(new URL('../../bin/node.sh', import.meta.url));

function listenerSettings({ port, tls, webSocketPort }: Listeners): Record<string, string> {
  return {
    LMQTT_CONNECT_MQTT_PORT: String(port),
    ...(tls !== undefined && {
      LMQTT_CONNECT_ENABLE_TLS: 'true',
      LMQTT_CONNECT_MQTT_TLS_PORT: String(tls.port),
      LMQTT_CONNECT_SSL_SERVER_CERT_FILE: tls.certFile,
      LMQTT_CONNECT_SSL_SERVER_KEY_FILE: tls.keyFile,
    }),
    ...(webSocketPort !== undefined && {
      LMQTT_CONNECT_ENABLE_WEB_SOCKET: 'true',
      LMQTT_CONNECT_MQTT_WS_PORT: String(webSocketPort),
    }),
  };
}

/**
 * lmqtt as a user gets it: every key at its default, but for the ports, the directories and the flush
 * type. `LMQTT_…` variables of the caller's environment still apply; the note names them.
 */
export function lmqtt(
  name: string,
  flush: FlushDiskType,
  nodeFlags: readonly string[],
): StartedPeer {
  const set = Object.entries(process.env).filter(([key]) => key.startsWith('LMQTT_'));
  const extra = [...nodeFlags, ...set.map(([key, value = '']) => `${key}=${value}`)];
  const note = `RocksDB store, flushDiskType=${flush}, all else at its default`;
  return {
    name,
    note: extra.length === 0 ? note : `${note} but ${extra.join(' ')}`,
    lacks: LACKS_NOTHING,
    missing: () => undefined,
    prepare: (listeners, dir) => ({
      command: ['sh', starter, ...nodeFlags, program],
      env: {
        ...listenerSettings(listeners),
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
