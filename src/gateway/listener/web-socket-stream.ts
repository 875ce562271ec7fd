import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../common/clock.ts';
import { OutBuffer } from '../codec/out-buffer.ts';
import { slabPool } from '../codec/slab-pool.ts';
import type { ByteStream } from '../connection/byte-stream.ts';
import {
  canWriteDirect,
  type DirectWriter,
  unsentBytes,
  writeDirect,
} from '../connection/direct-writes.ts';
import { readShared } from '../connection/shared-reads.ts';
import { CloseCode } from './close-code.ts';
import { PacketFrames } from './packet-frames.ts';
import { WebSocketReader } from './web-socket-reader.ts';

const CLOSE_FRAME = 0x88;
const PONG_FRAME = 0x8a;
/** A peer that does not close after our close frame is closed after so long, ms. */
const CLOSE_TIMEOUT_MS = 5000;
/** No more answers to pings for a peer with so much unread, bytes. */
const MAX_UNREAD_FOR_PONG = 64 * 1024;

/** Control frames and headers of a chunk, bytes; with more, the socket is read on in the next turn. */
const MAX_OVERHEAD_OF_TURN = 16 * 1024;

/** How far a WebSocket is; it does not go back. */
const State = {
  OPEN: 0,
  /** We have sent a close frame and read on to see that of the peer. */
  CLOSING: 1,
  /** Both sides have sent a close frame, or the peer has broken the protocol: what still comes is discarded. */
  DONE: 2,
} as const;
type State = (typeof State)[keyof typeof State];

export interface WebSocketStreamOptions {
  /** Most bytes of one message. */
  readonly maxMessageBytes: number;
  readonly clock: Clock;
  /** Told once what the peer did wrong. */
  readonly onError: (reason: string) => void;
}

/** Frames on their way into a write: in use within one call alone, so that all WebSockets share it. */
const frames = new OutBuffer();

/**
 * A WebSocket as a stream of bytes: what comes in binary messages is one stream whatever the frames are
 * [MQTT-6.0.0-2], and every packet written is one binary message. A text message ends it [MQTT-6.0.0-1].
 * Over plain TCP it reads into the buffer that all sockets share and writes to the handle (ADR 661).
 */
export class WebSocketStream extends EventEmitter implements ByteStream, DirectWriter {
  readonly #socket: Socket;
  readonly #options: WebSocketStreamOptions;
  readonly #reader: WebSocketReader;
  readonly #frames = new PacketFrames();
  readonly #isDirect: boolean;
  #state: State = State.OPEN;
  #timer: Timer | undefined;
  /** 'close' has been told, or must not be any more. */
  #isOver = false;
  /** The socket has gone while the owner did not read: 'close' waits until it does. */
  #isEnded = false;
  #isPaused = false;
  #isCorked = false;
  #isResting = false;

  /** @param socket after the handshake, with nobody who reads it */
  constructor(socket: Socket, options: WebSocketStreamOptions) {
    super();
    this.#socket = socket;
    this.#options = options;
    this.#isDirect = canWriteDirect(socket);
    this.#reader = new WebSocketReader(options.maxMessageBytes, (payload) => {
      // In one write for all pings of a chunk: each is six bytes to a peer that sends nothing else.
      if (this.writableLength < MAX_UNREAD_FOR_PONG) this.#addControl(PONG_FRAME, payload);
    });
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  get writableLength(): number {
    return unsentBytes(this.#socket);
  }

  get writableNeedDrain(): boolean {
    return this.#isDirect ? this.writableLength > 0 : this.#socket.writableNeedDrain;
  }

  /** Begins to read. @param head what came behind the handshake already */
  begin(head: Buffer): void {
    const socket = this.#socket;
    if (head.length > 0) socket.unshift(head);
    if (!readShared(socket, this.#onRead)) {
      socket.on('data', (chunk: Buffer) => {
        this.#received(chunk);
      });
    }
    socket.on('drain', () => {
      this.drained();
    });
    // A reset is an end like any other: 'close' follows.
    socket.on('error', () => undefined);
    // Without a close frame, or behind one: nothing more will come.
    socket.on('end', () => {
      this.#finish();
    });
    socket.on('close', () => {
      this.#closed();
    });
    if (!this.#isPaused) socket.resume();
  }

  /** Frames it; `chunk` is not needed any more when this returns. */
  write(chunk: Buffer, written: () => void): boolean {
    if (this.#state === State.OPEN) {
      this.#frames.frame(chunk, frames);
      if (!this.#isCorked) this.#flush();
    }
    written();
    return !this.writableNeedDrain;
  }

  /** What is written until `uncork`, in the same turn, goes out in one write. */
  cork(): void {
    this.#isCorked = true;
  }

  uncork(): void {
    this.#isCorked = false;
    this.#flush();
  }

  pause(): void {
    this.#isPaused = true;
    // The peer's close frame must be seen.
    if (this.#state === State.OPEN) this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#isEnded) this.#over();
    else this.#socket.resume();
  }

  /** A close frame behind what is waiting; the peer answers it with its own. */
  end(): void {
    if (this.#state !== State.OPEN) return;
    this.#sendClose(CloseCode.NORMAL);
    this.#state = State.CLOSING;
    this.#socket.resume();
  }

  destroy(): void {
    this.#state = State.DONE;
    this.#socket.destroy();
  }

  /** The system has taken all that waited. */
  drained(): void {
    if (!this.#isOver) this.emit('drain');
  }

  /** `this` is the socket: it is called as `onread` of `net.connect` is. */
  readonly #onRead = (length: number, buffer: Buffer): boolean => {
    this.#received(buffer.subarray(0, length));
    return true;
  };

  #received(chunk: Buffer): void {
    if (this.#state === State.DONE) return;
    const reader = this.#reader;
    const length = reader.read(chunk);
    this.#flush();
    if (length > 0 && this.#state === State.OPEN && !this.#isOver) {
      this.emit('data', length === chunk.length ? chunk : chunk.subarray(0, length));
    }
    if (chunk.length - length > MAX_OVERHEAD_OF_TURN) this.#rest();
    const { error, closeCode } = reader;
    if (error !== undefined) {
      if (this.#state === State.OPEN) this.#sendClose(error.code);
      this.#finish();
      this.#options.onError(error.message);
      this.#over();
    } else if (closeCode !== undefined) {
      if (this.#state === State.OPEN) this.#sendClose(closeCode);
      this.#finish();
    }
  }

  /**
   * Reads on in the next turn. libuv goes on as long as there is something, up to 2 MiB, and the connection, which knows how
   * long a turn is, hears of nothing but messages.
   */
  #rest(): void {
    if (this.#isResting || this.#isPaused) return;
    this.#isResting = true;
    this.#socket.pause();
    setImmediate(() => {
      this.#isResting = false;
      if (!this.#isPaused || this.#state !== State.OPEN) this.#socket.resume();
    });
  }

  /** Ends the output, and reads on until the peer has closed too, so that it gets to read our last words. */
  #finish(): void {
    this.#state = State.DONE;
    this.#startTimer();
    this.#socket.end();
    this.#socket.resume();
  }

  #sendClose(code: number): void {
    const payload = Buffer.alloc(code === CloseCode.NO_STATUS ? 0 : 2);
    if (payload.length > 0) payload.writeUInt16BE(code);
    this.#sendControl(CLOSE_FRAME, payload);
    this.#startTimer();
  }

  #sendControl(first: number, payload: Buffer): void {
    this.#addControl(first, payload);
    this.#flush();
  }

  /** Output is written frame by frame, so one may come in between at any time (RFC 6455 §5.4). To be flushed within the call. */
  #addControl(first: number, payload: Buffer): void {
    if (this.#state !== State.OPEN) return;
    const at = frames.reserve(2 + payload.length);
    frames.slab[at] = first;
    frames.slab[at + 1] = payload.length;
    payload.copy(frames.slab, at + 2);
  }

  #flush(): void {
    if (frames.byteLength === 0) return;
    if (this.#isDirect) {
      writeDirect(this.#socket, frames, this);
      return;
    }
    const socket = this.#socket;
    const several = frames.slabs > 1;
    if (several) socket.cork();
    frames.drainTo((slab, length) => {
      socket.write(slab.subarray(0, length), () => {
        slabPool.give(slab);
      });
    });
    if (several) socket.uncork();
  }

  #startTimer(): void {
    this.#timer ??= this.#options.clock.after(CLOSE_TIMEOUT_MS, () => {
      this.#socket.destroy();
    });
  }

  /**
   * The socket has gone. What came before may be waiting with the owner; with unsent output, or when
   * nothing waits, it is over at once.
   */
  #closed(): void {
    this.#timer?.cancel();
    this.#state = State.DONE;
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
