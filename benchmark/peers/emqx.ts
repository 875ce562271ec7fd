import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { missingProgram } from './program.ts';
import { LACKS_NOTHING } from './peer.ts';
import type { Launch, Listeners, StartedPeer } from './peer.ts';

/** EMQX reads every setting from the environment too; a listener that is not asked for is off. */
function environment({ port, tls, webSocketPort }: Listeners, dir: string): Launch['env'] {
  const isOn = (asked: boolean): string => (asked ? 'true' : 'false');
  const bind = (at: number): string => `127.0.0.1:${String(at)}`;
  return {
    EMQX_NODE__DATA_DIR: join(dir, 'data'),
    EMQX_LOG__CONSOLE__LEVEL: 'error',
    EMQX_MQTT__MAX_INFLIGHT: '65535',
    EMQX_MQTT__MAX_MQUEUE_LEN: 'infinity',
    EMQX_MQTT__MAX_AWAITING_REL: 'infinity',
    EMQX_LISTENERS__TCP__DEFAULT__BIND: bind(port),
    EMQX_LISTENERS__TCP__DEFAULT__TCP_OPTIONS__NODELAY: 'true',
    EMQX_LISTENERS__SSL__DEFAULT__ENABLE: isOn(tls !== undefined),
    EMQX_LISTENERS__WS__DEFAULT__ENABLE: isOn(webSocketPort !== undefined),
    EMQX_LISTENERS__WSS__DEFAULT__ENABLE: 'false',
    EMQX_DASHBOARD__LISTENERS__HTTP__BIND: '0',
    ...(tls !== undefined && {
      EMQX_LISTENERS__SSL__DEFAULT__BIND: bind(tls.port),
      EMQX_LISTENERS__SSL__DEFAULT__SSL_OPTIONS__CERTFILE: tls.certFile,
      EMQX_LISTENERS__SSL__DEFAULT__SSL_OPTIONS__KEYFILE: tls.keyFile,
    }),
    ...(webSocketPort !== undefined && { EMQX_LISTENERS__WS__DEFAULT__BIND: bind(webSocketPort) }),
  };
}

/** EMQX 5, whose script `bin/emqx` is at `program`. */
export function emqx(program: string): StartedPeer {
  return {
    name: 'emqx',
    note: 'in memory; max_inflight 65535, max_mqueue_len and max_awaiting_rel infinity, nodelay true',
    lacks: LACKS_NOTHING,
    missing: () => missingProgram(program),
    prepare(listeners, dir) {
      mkdirSync(join(dir, 'data'), { recursive: true });
      return { command: [program, 'foreground'], env: environment(listeners, dir) };
    },
  };
}
