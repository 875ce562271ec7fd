import { fileURLToPath } from 'node:url';
import type { Peer } from './peer.ts';

const broker = fileURLToPath(new URL('aedes-broker.mjs', import.meta.url));

export const aedes: Peer = {
  name: 'aedes',
  note: 'in memory; noDelay true, maxInflightInbound 0',
  prepare: (port) => ({ command: [process.execPath, broker, String(port)], env: {} }),
};
