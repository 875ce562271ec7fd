import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingProgram } from './program.ts';
import { LACKS_NOTHING } from './peer.ts';
import type { Listeners, StartedPeer } from './peer.ts';

/** No storage_dir: everything is in memory. One thread per core is its default. */
const SETTINGS = [
  'allow_anonymous true',
  'log_level warning',
  'max_qos_msg_pending_per_client 65535',
  'max_qos_bytes_pending_per_client 4294967295',
  'retained_messages_delivery_limit 4294967295',
];

const listen = (port: number, ...more: string[]): string =>
  [
    'listen {',
    `port ${String(port)}`,
    'inet_protocol ip4',
    'inet4_bind_address 127.0.0.1',
    ...more,
    '}',
  ].join('\n');

function settings({ port, tls, webSocketPort }: Listeners): string {
  const blocks = [...SETTINGS, listen(port, 'protocol mqtt')];
  if (tls !== undefined) {
    const files = [`fullchain ${tls.certFile}`, `privkey ${tls.keyFile}`];
    blocks.push(listen(tls.port, 'protocol mqtt', ...files));
  }
  if (webSocketPort !== undefined) blocks.push(listen(webSocketPort, 'protocol websockets'));
  return `${blocks.join('\n')}\n`;
}

/** FlashMQ, whose program is at `program`. */
export function flashmq(program: string): StartedPeer {
  return {
    name: 'flashmq',
    note: 'in memory; max_qos_msg_pending_per_client 65535, max_qos_bytes_pending_per_client and retained_messages_delivery_limit 4294967295',
    lacks: LACKS_NOTHING,
    missing: () => missingProgram(program),
    prepare(listeners, dir) {
      const file = join(dir, 'flashmq.conf');
      writeFileSync(file, settings(listeners));
      return { command: [program, '--config-file', file], env: {} };
    },
  };
}
