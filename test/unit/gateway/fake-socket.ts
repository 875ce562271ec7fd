import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

type WriteCallback = (error?: Error | null) => void;

/**
 * A socket in memory: what Connection uses of `net.Socket`, with its timing. The peer's side is `feed`,
 * `peerEnds`, `stall` and `sent`.
 */
export class FakeSocket extends Duplex {
  remoteAddress = '192.0.2.1';
  remotePort = 4711;
  /** The peer ends its side when it sees the end of ours. */
  endsBack = true;
  /** Number of writes that reached the peer. */
  writes = 0;
  #stalled = false;
  #held: { chunk: Buffer; callback: WriteCallback } | undefined;
  #sent: Buffer[] = [];

  constructor(writableHighWaterMark: number = 16 * 1024) {
    super({ allowHalfOpen: true, writableHighWaterMark });
  }

  /** As the gateway's code sees it. */
  get socket(): Socket {
    return this as unknown as Socket;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: WriteCallback): void {
    if (this.#stalled) {
      // Not copied: whoever changes it before it is sent, changes what is sent.
      this.#held = { chunk, callback };
      return;
    }
    this.#accept(chunk);
    callback();
  }

  override _destroy(error: Error | null, callback: WriteCallback): void {
    this.#held = undefined;
    callback(error);
  }

  override _final(callback: WriteCallback): void {
    callback();
    if (this.endsBack && !this.readableEnded) this.push(null);
  }

  /** Bytes from the peer. */
  feed(...bytes: readonly Buffer[]): void {
    this.push(bytes.length === 1 ? bytes[0] : Buffer.concat(bytes));
  }

  /** The peer has sent all: as node does, the end is seen although reading is paused. */
  peerEnds(): void {
    this.push(null);
    this.read(0);
  }

  /** The peer stops reading. */
  stall(): void {
    this.#stalled = true;
  }

  /** The peer reads again. */
  unstall(): void {
    this.#stalled = false;
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#accept(held.chunk);
    held.callback();
  }

  /** What the peer has received so far, and forgets it. */
  takeSent(): Buffer {
    const sent = Buffer.concat(this.#sent);
    this.#sent = [];
    return sent;
  }

  #accept(chunk: Buffer): void {
    this.writes++;
    this.#sent.push(Buffer.from(chunk));
  }
}

/** Lets `count` turns of the event loop pass. */
export async function turns(count = 8): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
