import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingProgram } from './program.ts';
import { LACKS_NOTHING } from './peer.ts';
import type { Listeners, StartedPeer } from './peer.ts';

/** The longest queues and windows that it allows; no SQLite: everything is in memory. */
const MQTT = `mqtt {
  max_packet_size = 10MB
  max_mqueue_len = 65535
  max_inflight_window = 65535
  max_awaiting_rel = 10s
  keepalive_multiplier = 1.25
  property_size = 32
}
`;

function settings({ port, tls, webSocketPort }: Listeners): string {
  const blocks = [MQTT, `listeners.tcp {\n  bind = "127.0.0.1:${String(port)}"\n}\n`];
  if (tls !== undefined) {
    blocks.push(
      `listeners.ssl {\n  bind = "127.0.0.1:${String(tls.port)}"\n  keyfile = "${tls.keyFile}"\n`,
      `  certfile = "${tls.certFile}"\n  verify_peer = false\n  fail_if_no_peer_cert = false\n}\n`,
    );
  }
  if (webSocketPort !== undefined) {
    blocks.push(`listeners.ws {\n  bind = "127.0.0.1:${String(webSocketPort)}/mqtt"\n}\n`);
  }
  blocks.push(
    'log {\n  to = [console]\n  level = error\n}\n',
    'auth {\n  allow_anonymous = true\n  no_match = allow\n  deny_action = ignore\n}\n',
  );
  return blocks.join('');
}

/** NanoMQ (0.19 or newer), whose program is at `program`. */
export function nanomq(program: string): StartedPeer {
  return {
    name: 'nanomq',
    note: 'in memory; max_mqueue_len 65535, max_inflight_window 65535',
    lacks: LACKS_NOTHING,
    missing: () => missingProgram(program),
    prepare(listeners, dir) {
      const file = join(dir, 'nanomq.conf');
      writeFileSync(file, settings(listeners));
      return { command: [program, 'start', '--conf', file], env: {} };
    },
  };
}
