import { fileURLToPath } from 'node:url';
import type { Need, StartedPeer } from './peer.ts';

const broker = fileURLToPath(new URL('aedes-broker.mjs', import.meta.url));

const LACKS: ReadonlyMap<Need, string> = new Map([
  ['MQTT 5', 'it speaks MQTT 3.1.1 only'],
  ['shared subscriptions', 'it has none'],
]);

export const aedes: StartedPeer = {
  name: 'aedes',
  note: 'in memory; noDelay true, maxInflightInbound 0',
  lacks: LACKS,
  missing: () => undefined,
  prepare({ port, tls, webSocketPort }) {
    const listeners = { port, tls, webSocketPort };
    return { command: [process.execPath, broker, JSON.stringify(listeners)], env: {} };
  },
};
