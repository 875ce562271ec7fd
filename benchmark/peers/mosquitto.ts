import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, missingProgram } from './program.ts';
import { LACKS_NOTHING } from './peer.ts';
import type { Listeners, StartedPeer } from './peer.ts';

/** Nothing limits or delays mosquitto here, and it keeps all messages in memory. */
const SETTINGS = [
  'allow_anonymous true',
  'max_inflight_messages 0',
  'max_queued_messages 0',
  'set_tcp_nodelay true',
  'persistence false',
  'sys_interval 0',
  'connection_messages false',
  'log_type error',
  'log_type warning',
];

function settings({ port, tls, webSocketPort }: Listeners): string {
  // Started by root it would become another user, who cannot read the certificate.
  const user = process.getuid?.() === 0 ? ['user root'] : [];
  const lines = [...SETTINGS, ...user, `listener ${String(port)} 127.0.0.1`];
  if (tls !== undefined) {
    lines.push(`listener ${String(tls.port)} 127.0.0.1`);
    lines.push(`certfile ${tls.certFile}`, `keyfile ${tls.keyFile}`);
  }
  if (webSocketPort !== undefined) {
    lines.push(`listener ${String(webSocketPort)} 127.0.0.1`, 'protocol websockets');
  }
  return `${lines.join('\n')}\n`;
}

export const mosquitto: StartedPeer = {
  name: 'mosquitto',
  note: 'in memory; max_inflight_messages 0, max_queued_messages 0, set_tcp_nodelay true, persistence false, sys_interval 0',
  lacks: LACKS_NOTHING,
  missing: () => missingProgram('mosquitto'),
  prepare(listeners, dir) {
    const file = join(dir, 'mosquitto.conf');
    writeFileSync(file, settings(listeners));
    return { command: [findProgram('mosquitto') ?? 'mosquitto', '-c', file], env: {} };
  },
};
