import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../common/clock.ts';
import type { Logger } from '../../common/logger.ts';
import { TimedTurns } from '../../common/timed-turns.ts';
import type { Peer } from '../connection/byte-stream.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import { awaitFirstBytes } from './first-bytes.ts';
import type { WebSocketOptions } from './listener-options.ts';
import { handshakeAnswer, handshakeError } from './web-socket-handshake.ts';
import { WebSocketStream } from './web-socket-stream.ts';

const MAX_HEADER_BYTES = 8 * 1024;
/** Of the whole request, with what the parser does not count as headers. */
const MAX_HEAD_BYTES = 2 * MAX_HEADER_BYTES;
const END_OF_HEAD = '\r\n\r\n';
const [FIRST_LETTER, LAST_LETTER] = [0x41, 0x5a];
const MIN_MESSAGE_BYTES = 64 * 1024;
/** Time of one turn of the event loop for requests, ms. */
const REQUESTS_MS = 4;

export interface WebSocketStageOptions {
  readonly webSocket: WebSocketOptions;
  /** Messages of twice this size are accepted, for clients that join packets. */
  readonly maxPacketSize: number;
  readonly stats: GatewayStats;
  readonly logger: Logger;
  readonly clock: Clock;
  /** `raw` is the socket at the bottom, as it was accepted. */
  readonly onStream: (stream: WebSocketStream, raw: Socket, peer: Peer | undefined) => void;
}

interface Accepted {
  readonly raw: Socket;
  readonly peer: Peer | undefined;
  /** What came behind the request. */
  readonly rest: Buffer;
}

/** HTTP up to the WebSocket, over sockets, with or without TLS, that somebody else has accepted. */
export class WebSocketStage {
  readonly #options: WebSocketStageOptions;
  readonly #http: Server;
  readonly #accepted = new WeakMap<Duplex, Accepted>();
  readonly #turns: TimedTurns;

  constructor(options: WebSocketStageOptions) {
    this.#options = options;
    this.#turns = new TimedTurns(options.clock, REQUESTS_MS);
    this.#http = createServer({ maxHeaderSize: MAX_HEADER_BYTES, keepAlive: false });
    this.#http.on('request', (request, response) => {
      this.#answer(request, response);
    });
    this.#http.on('checkContinue', (request, response) => {
      this.#answer(request, response);
    });
    this.#http.on('upgrade', (request, socket, head) => {
      this.#upgrade(request, socket, head);
    });
    this.#http.on('clientError', (error, socket) => {
      this.#refuse(socket, 400, `not HTTP: ${error.message}`);
    });
  }

  /**
   * Waits for the request. The caller limits the time. The parser gets nothing but the request: a read may bring thousands,
   * or parts of a body, and it would go through all of them at once; those of many connections share turns (ADR 931).
   * @param raw the socket below, or the same
   */
  accept(socket: Socket, raw: Socket, peer: Peer | undefined): void {
    awaitFirstBytes(socket, hasRequest, (received) => {
      this.#turns.share(() => {
        if (!socket.destroyed) this.#handle(socket, raw, peer, received);
      });
    });
  }

  #handle(socket: Socket, raw: Socket, peer: Peer | undefined, received: Buffer): void {
    const end = received.indexOf(END_OF_HEAD);
    const bytes = end < 0 ? received.length : end + END_OF_HEAD.length;
    if (bytes > MAX_HEAD_BYTES) {
      this.#refuse(socket, 400, 'the request is too long');
      return;
    }
    socket.unshift(received.subarray(0, bytes));
    this.#accepted.set(socket, { raw, peer, rest: received.subarray(bytes) });
    this.#http.emit('connection', socket);
    socket.resume();
  }

  /** A request that asks for no upgrade. */
  #answer(request: IncomingMessage, response: ServerResponse): void {
    const status = this.#statusOf(request) ?? 426;
    response.writeHead(status, { 'content-type': 'text/plain', ...headersOf(status) });
    response.end(`${reasonOf(status)}\n`);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const status = this.#statusOf(request);
    if (status !== undefined) {
      this.#refuse(socket, status, `${String(request.method)} of another path or method`);
      return;
    }
    const error = handshakeError(request.headers);
    if (error !== undefined) {
      this.#refuse(socket, 400, error);
      return;
    }
    const accepted = this.#accepted.get(socket);
    // Its peer has ended, or has been closed.
    if (accepted === undefined || !(socket instanceof Socket) || !isUsable(socket)) {
      socket.destroy();
      return;
    }
    socket.write(handshakeAnswer(request.headers));
    const stream = this.#makeStream(socket);
    this.#options.onStream(stream, accepted.raw, accepted.peer);
    stream.begin(head.length === 0 ? accepted.rest : Buffer.concat([head, accepted.rest]));
  }

  #makeStream(socket: Socket): WebSocketStream {
    const { maxPacketSize, stats, logger, clock } = this.#options;
    return new WebSocketStream(socket, {
      maxMessageBytes: Math.max(2 * maxPacketSize, MIN_MESSAGE_BYTES),
      clock,
      onError: (reason) => {
        stats.webSocketErrors++;
        logger.debug({ peer: socket.remoteAddress, reason }, 'WebSocket error');
      },
    });
  }

  /** Why the request is refused whatever it asks for, or undefined. */
  #statusOf(request: IncomingMessage): 404 | 405 | undefined {
    const path = (request.url ?? '').split('?', 1)[0];
    if (path !== this.#options.webSocket.path) return 404;
    return request.method === 'GET' ? undefined : 405;
  }

  #refuse(socket: Duplex, status: number, reason: string): void {
    this.#options.stats.webSocketErrors++;
    this.#options.logger.debug({ reason }, 'WebSocket refused');
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    const headers = { connection: 'close', 'content-length': '0', ...headersOf(status) };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${String(status)} ${reasonOf(status)}\r\n${lines.join('')}\r\n`, () => {
      socket.destroy();
    });
  }
}

/** Whether the head of a request is there, or what cannot become one: something else, or too long. */
function hasRequest(received: Buffer): boolean {
  const first = received[0] ?? 0;
  const isRequest = first >= FIRST_LETTER && first <= LAST_LETTER;
  return !isRequest || received.length > MAX_HEAD_BYTES || received.includes(END_OF_HEAD);
}

function reasonOf(status: number): string {
  if (status === 404) return 'Not Found';
  if (status === 405) return 'Method Not Allowed';
  return status === 426 ? 'Upgrade Required' : 'Bad Request';
}

function headersOf(status: number): Record<string, string> {
  if (status === 405) return { connection: 'close', allow: 'GET' };
  if (status === 426) return { connection: 'Upgrade, close', upgrade: 'websocket' };
  return { connection: 'close' };
}

function isUsable({ readable, writable }: Socket): boolean {
  return readable && writable;
}
