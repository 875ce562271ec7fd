import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Peer } from './peer.ts';

/** Nothing limits or delays mosquitto here, and it keeps all messages in memory. */
const settings = (port: number): string => `listener ${String(port)} 127.0.0.1
allow_anonymous true
max_inflight_messages 0
max_queued_messages 0
set_tcp_nodelay true
persistence false
sys_interval 0
connection_messages false
log_type error
log_type warning
`;

/** Debian installs it outside the PATH of an ordinary user. */
const program = (): string =>
  existsSync('/usr/sbin/mosquitto') ? '/usr/sbin/mosquitto' : 'mosquitto';

export const mosquitto: Peer = {
  name: 'mosquitto',
  note: 'in memory; max_inflight_messages 0, max_queued_messages 0, set_tcp_nodelay true, persistence false, sys_interval 0',
  prepare(port, dir) {
    const file = join(dir, 'mosquitto.conf');
    writeFileSync(file, settings(port));
    return { command: [program(), '-c', file], env: {} };
  },
};
