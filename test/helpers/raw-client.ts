import { connect as netConnect } from 'node:net';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { decode, hex, type Packet, type Publish } from './packets.ts';
import { within } from './eventually.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Bytes, or hex text with blanks. */
export type Bytes = Buffer | string;

const DEFAULT_TIMEOUT_MS = 5_000;
const SHOWN_BYTES = 200;

function toBytes(bytes: Bytes): Buffer {
  return typeof bytes === 'string' ? hex(bytes) : bytes;
}

function show(bytes: Buffer): string {
  const text = bytes
    .subarray(0, SHOWN_BYTES)
    .toString('hex')
    .replace(/(..)(?!$)/g, '$1 ');
  if (bytes.length === 0) return '(nothing)';
  return bytes.length > SHOWN_BYTES ? `${text} … (${String(bytes.length)} bytes)` : text;
}

/** A TCP client that sends bytes and says what came back, byte by byte. It keeps no MQTT rule by itself. */
export class RawClient {
  readonly #socket: Duplex;
  #received: Buffer = Buffer.alloc(0);
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  private constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
      this.#wake?.();
    });
    socket.on('end', () => {
      this.#ended = true;
      this.#wake?.();
    });
    // A reset is how a server may close on a client that is still sending; expectClose accepts it.
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  /** Over a stream that is open already: TLS, WebSocket. */
  static over(stream: Duplex): RawClient {
    return new RawClient(stream);
  }

  static async open(address: Address): Promise<RawClient> {
    const socket = netConnect({
      host: address.host,
      port: address.port,
      noDelay: true,
      allowHalfOpen: true,
    });
    const client = new RawClient(socket);
    await once(socket, 'connect');
    return client;
  }

  /** True once the server has closed its side. */
  get closed(): boolean {
    return this.#ended;
  }

  /** Sends all of it in one write, so that it shares a TCP segment where it fits. */
  send(...bytes: readonly Bytes[]): void {
    this.#socket.write(Buffer.concat(bytes.map(toBytes)));
  }

  /** Sends each byte in a write of its own, in separate turns of the event loop. */
  async sendByteByByte(bytes: Bytes): Promise<void> {
    for (const byte of toBytes(bytes)) {
      this.#socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Expects exactly these bytes next. */
  async expect(...bytes: readonly Bytes[]): Promise<void> {
    const wanted = Buffer.concat(bytes.map(toBytes));
    const differs = (): boolean => {
      const length = Math.min(wanted.length, this.#received.length);
      return !this.#received.subarray(0, length).equals(wanted.subarray(0, length));
    };
    const done = (): boolean => differs() || this.#received.length >= wanted.length;
    const inTime = await this.#until(done, DEFAULT_TIMEOUT_MS);
    if (!inTime || differs()) {
      throw new Error(`expected ${show(wanted)}, received ${show(this.#received)}${this.#state()}`);
    }
    this.#received = this.#received.subarray(wanted.length);
  }

  /** Takes the next whole packet. */
  async readPacket(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<Packet> {
    const { first, body } = await this.readFrame(timeoutMs);
    return decode(first, body);
  }

  /** Takes the next whole packet as it came: its first byte and its body. */
  async readFrame(
    timeoutMs: number = DEFAULT_TIMEOUT_MS,
  ): Promise<{ first: number; body: Buffer }> {
    const inTime = await this.#until(() => this.#packetEnd() !== undefined, timeoutMs);
    const ends = this.#packetEnd();
    if (!inTime || ends === undefined) {
      throw new Error(`expected a packet, received ${show(this.#received)}${this.#state()}`);
    }
    const first = this.#received.readUInt8(0);
    const body = this.#received.subarray(ends.bodyStart, ends.end);
    this.#received = this.#received.subarray(ends.end);
    return { first, body };
  }

  /** Takes the next whole packet, which must be a PUBLISH. */
  async readPublish(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<Publish> {
    const packet = await this.readPacket(timeoutMs);
    if (packet.type !== 'publish')
      throw new Error(`expected PUBLISH, received ${JSON.stringify(packet)}`);
    return packet;
  }

  /** Expects silence and an open connection for `ms`. */
  async expectNothing(ms = 150): Promise<void> {
    const disturbed = await this.#until(() => this.#received.length > 0 || this.#ended, ms);
    if (disturbed)
      throw new Error(`expected nothing, received ${show(this.#received)}${this.#state()}`);
  }

  /** Expects the server to close without another byte. */
  async expectClose(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<void> {
    await this.#until(() => this.#ended || this.#received.length > 0, timeoutMs);
    if (!this.#ended || this.#received.length > 0) {
      throw new Error(`expected a close, received ${show(this.#received)}${this.#state()}`);
    }
  }

  /** Ends the sending side only. */
  halfClose(): void {
    this.#socket.end();
  }

  /** Stops reading: the kernel's buffers fill, then the server's. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Drops the connection without DISCONNECT and waits until it has gone. */
  async drop(): Promise<void> {
    if (this.#socket.closed) return;
    const closed = once(this.#socket, 'close');
    this.#socket.destroy();
    await within('the socket to close', DEFAULT_TIMEOUT_MS, closed);
  }

  #packetEnd(): { bodyStart: number; end: number } | undefined {
    let length = 0;
    for (let i = 0; i < 4; i++) {
      const byte = this.#received[1 + i];
      if (byte === undefined) return undefined;
      length += (byte & 0x7f) * 128 ** i;
      if (byte < 0x80) {
        const end = 2 + i + length;
        return end <= this.#received.length ? { bodyStart: 2 + i, end } : undefined;
      }
    }
    throw new Error(`malformed remaining length: ${show(this.#received)}`);
  }

  #state(): string {
    if (this.#error !== undefined) return ` (${this.#error.message})`;
    return this.#ended ? ' (closed by the server)' : ' (still open)';
  }

  /** Waits for `done`, the end of the connection, or the time; false when it is none of the first. */
  async #until(done: () => boolean, timeoutMs: number): Promise<boolean> {
    if (done()) return true;
    if (this.#ended) return false;
    return new Promise((resolve) => {
      const finish = (result: boolean): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve(result);
      };
      const timer = setTimeout(() => {
        finish(done());
      }, timeoutMs);
      this.#wake = () => {
        if (done()) finish(true);
        else if (this.#ended) finish(false);
      };
    });
  }
}
