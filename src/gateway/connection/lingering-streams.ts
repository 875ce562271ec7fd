import type { Clock, Timer } from '../../common/clock.ts';
import type { ByteStream } from './byte-stream.ts';
import { unsentBytes } from './direct-writes.ts';

/** How long a peer may take to read what it was sent before the end, ms. */
const SENDING_MS = 5000;
/** How long what a peer goes on sending is read, and thrown away, when it has been sent all, ms. */
const READING_MS = 1000;
const LOOK_EVERY_MS = 250;
/** Most streams that linger at a time. */
const CAPACITY = 1024;

interface Deadline {
  /** Monotonic, ms. */
  at: number;
  isSending: boolean;
}

/**
 * Connections that are over for the protocol and not yet for the peer. If a socket is closed while its peer
 * goes on sending, the system answers with a reset, and what the peer was sent last, a DISCONNECT with
 * its reason, is lost. So the output is ended and the input read and thrown away until the peer has
 * closed too, for a limited time that nothing the peer does puts off. One timer for all, while there are any.
 */
export class LingeringStreams {
  readonly #clock: Clock;
  readonly #capacity: number;
  /** The oldest first. */
  readonly #deadlines = new Map<ByteStream, Deadline>();
  #timer: Timer | undefined;

  constructor(clock: Clock, capacity: number = CAPACITY) {
    this.#clock = clock;
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#deadlines.size;
  }

  /** Ends the output. Whoever owns the stream calls `remove` at its 'close', and ignores its data. */
  add(stream: ByteStream): void {
    const [oldest] = this.#deadlines.size < this.#capacity ? [] : this.#deadlines.keys();
    if (oldest !== undefined) this.#destroy(oldest);
    const at = this.#clock.monotonic() + SENDING_MS;
    this.#deadlines.set(stream, { at, isSending: true });
    this.#timer ??= this.#clock.every(LOOK_EVERY_MS, () => {
      this.#look();
    });
    stream.end();
    stream.resume();
  }

  /** The stream has gone. */
  remove(stream: ByteStream): void {
    if (this.#deadlines.delete(stream)) this.#stopIfEmpty();
  }

  destroyAll(): void {
    for (const stream of [...this.#deadlines.keys()]) this.#destroy(stream);
  }

  #look(): void {
    const now = this.#clock.monotonic();
    for (const [stream, deadline] of this.#deadlines) {
      if (deadline.isSending && unsentBytes(stream) === 0) {
        deadline.isSending = false;
        deadline.at = Math.min(deadline.at, now + READING_MS);
      }
      if (deadline.at <= now) this.#destroy(stream);
    }
  }

  #destroy(stream: ByteStream): void {
    this.remove(stream);
    stream.destroy();
  }

  #stopIfEmpty(): void {
    if (this.#deadlines.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
