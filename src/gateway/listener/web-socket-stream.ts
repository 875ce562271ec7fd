import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { ByteStream } from '../connection/byte-stream.ts';
import { PacketFrames } from './packet-frames.ts';

const CLOSE_NORMAL = 1000;
const CLOSE_UNSUPPORTED_DATA = 1003;
/** No more answers to pings for a peer with so much unread, bytes. */
const MAX_UNREAD_FOR_PONG = 64 * 1024;

/**
 * A WebSocket as a stream of bytes: what comes in binary messages is one stream whatever the frames are
 * [MQTT-6.0.0-2], and every packet written is one binary message. A text message ends it [MQTT-6.0.0-1].
 */
export class WebSocketStream extends EventEmitter implements ByteStream {
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #frames = new PacketFrames();
  /** 'close' has been told, or must not be any more. */
  #isOver = false;
  /** The peer has gone while the owner did not read: 'close' waits until it does. */
  #isEnded = false;
  #isClosing = false;
  #isPaused = false;

  /** @param onError told once what the peer did wrong */
  constructor(ws: WebSocket, socket: Socket, onError: (reason: string) => void) {
    super();
    this.#ws = ws;
    this.#socket = socket;
    ws.on('message', (data, isBinary) => {
      this.#received(data, isBinary, onError);
    });
    ws.on('ping', (data) => {
      if (ws.bufferedAmount < MAX_UNREAD_FOR_PONG) ws.pong(data);
    });
    // ws answers with a close frame of its own.
    ws.on('error', (error) => {
      onError(error.message);
      this.#over();
    });
    ws.on('close', () => {
      this.#closed();
    });
    socket.on('drain', () => {
      if (!this.#isOver) this.emit('drain');
    });
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  get writableLength(): number {
    return this.#ws.bufferedAmount;
  }

  get writableNeedDrain(): boolean {
    return this.#socket.writableNeedDrain;
  }

  write(chunk: Buffer, written: () => void): boolean {
    if (this.#ws.readyState !== this.#ws.OPEN) {
      queueMicrotask(written);
      return false;
    }
    // Past ws, which would need a write for each packet: without compression it keeps no frame back.
    this.#socket.write(this.#frames.frame(chunk));
    written();
    return !this.#socket.writableNeedDrain;
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  pause(): void {
    this.#isPaused = true;
    // The peer's close frame must be seen.
    if (!this.#isClosing) this.#ws.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#isEnded) this.#over();
    else this.#ws.resume();
  }

  /** A close frame behind what is waiting; the peer answers it with its own. */
  end(): void {
    this.#isClosing = true;
    this.#ws.close(CLOSE_NORMAL);
    this.#ws.resume();
  }

  destroy(): void {
    this.#ws.terminate();
  }

  #received(data: RawData, isBinary: boolean, onError: (reason: string) => void): void {
    if (this.#isOver || this.#isClosing) return;
    if (isBinary) {
      // A Buffer: the binary type is 'nodebuffer'.
      this.emit('data', data);
      return;
    }
    onError('text message');
    this.#ws.close(CLOSE_UNSUPPORTED_DATA, 'MQTT is binary');
    this.#over();
  }

  /**
   * The peer has gone. What it sent before may be waiting with the owner; with unsent output, or when
   * nothing waits, it is over at once.
   */
  #closed(): void {
    if (this.#isOver) return;
    this.#isEnded = true;
    this.emit('end');
    if (!this.#isPaused || this.writableLength > 0) this.#over();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.emit('close');
  }
}
