import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { createWebSocketStream, WebSocket } from 'ws';

export const TRANSPORTS = ['mqtt', 'mqtts', 'ws', 'wss'] as const;
export type TransportName = (typeof TRANSPORTS)[number];

export interface DialOptions {
  readonly host: string;
  readonly port: number;
  /** Certificates to trust; the server's host is checked. */
  readonly tls?: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'minVersion' | 'maxVersion'>;
  readonly path?: string;
  readonly protocols?: readonly string[];
  /** Sent before anything else, below TLS and WebSocket. */
  readonly preamble?: Buffer;
}

/** The lowest socket of a dial, connected, with TLS over it where the transport has it. */
export async function dialSocket(
  transport: TransportName,
  { host, port, tls, preamble }: DialOptions,
): Promise<Socket> {
  const tcp = connectTcp({ host, port, noDelay: true });
  await once(tcp, 'connect');
  if (preamble !== undefined) tcp.write(preamble);
  if (transport === 'mqtt' || transport === 'ws') return tcp;
  const secure = connectTls({ socket: tcp, host, servername: 'localhost', ...tls });
  await once(secure, 'secureConnect');
  return secure;
}

/** A WebSocket over a socket of {@link dialSocket}; not yet open. */
export function webSocketOver(
  socket: Socket,
  { host, port, path = '/mqtt', protocols = ['mqtt'] }: DialOptions,
): WebSocket {
  return new WebSocket(`ws://${host}:${String(port)}${path}`, [...protocols], {
    createConnection: () => socket,
    perMessageDeflate: false,
  });
}

/** A stream of bytes to an MQTT server over any transport, open. */
export async function dial(transport: TransportName, options: DialOptions): Promise<Duplex> {
  const socket = await dialSocket(transport, options);
  if (transport === 'mqtt' || transport === 'mqtts') return socket;
  const ws = webSocketOver(socket, options);
  await once(ws, 'open');
  return createWebSocketStream(ws);
}
