import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { within } from '../../../helpers/eventually.ts';
import { dialSocket, type DialOptions, webSocketOver } from '../../../helpers/transport.ts';
import { ListenerWorld } from './listener-world.ts';

export const UPGRADE = {
  Host: 'x',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
} as const;
export const MAX_PACKET: number = 64 * 1024;

/** An HTTP request without a body. @param line method and target */
export function request(line: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** A listener for WebSockets at `/mqtt`, and its clients. */
export class WebSocketWorld extends ListenerWorld {
  readonly #sockets: Socket[] = [];

  constructor() {
    super(
      { webSocket: { path: '/mqtt' } },
      { maxPacketSize: MAX_PACKET, handshakeTimeoutMs: 1000 },
    );
  }

  override stop(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy();
    super.stop();
  }

  async raw(): Promise<Socket> {
    const socket = await dialSocket('ws', { host: '127.0.0.1', port: this.port });
    socket.on('error', () => undefined);
    this.#sockets.push(socket);
    return socket;
  }

  /** The whole answer to a request, once the server has closed. */
  async answer(text: string): Promise<string> {
    const socket = await this.raw();
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.write(text);
    await within('close', 3000, once(socket, 'close'));
    return answer;
  }

  async openSocket(options: Partial<DialOptions> = {}): Promise<WebSocket> {
    const full = { host: '127.0.0.1', port: this.port, ...options };
    const ws = webSocketOver(await this.raw(), full);
    ws.on('error', () => undefined);
    await once(ws, 'open');
    return ws;
  }
}
