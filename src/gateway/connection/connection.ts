import type { GatewayStats } from '../gateway-stats.ts';
import type { ByteStream, Peer } from './byte-stream.ts';
import type { Flushable, FlushQueue } from './flush-queue.ts';
import type { LingeringStreams } from './lingering-streams.ts';
import { OutBuffer } from '../codec/out-buffer.ts';
import { canWriteDirect, unsentBytes, writeDirect } from './direct-writes.ts';
import { LARGE_READ, type ReadTurns } from './read-turns.ts';
import { hearSocket, type SocketListener } from './socket-events.ts';
import { writeToStream } from './stream-writes.ts';

/** The protocol side of a connection. */
export interface ConnectionOwner {
  /**
   * Bytes came in. Returns how many were used up; the rest comes again, with what follows, at the next
   * call. Must not keep `chunk`.
   */
  onBytes(chunk: Buffer): number;
  /** The socket accepts output again. */
  onDrain(): void;
  /** The connection has ended, for whatever reason; called once. */
  onClose(): void;
}

const NONE = Buffer.alloc(0);
const SMALLEST_REST = 256;

/**
 * One socket or WebSocket: bytes in, bytes out, back-pressure. Knows nothing of MQTT. Reading pauses while anyone
 * holds a pause reason; output beyond `highWater` makes the connection `congested`.
 */
export class Connection implements Flushable, SocketListener {
  readonly out: OutBuffer = new OutBuffer();
  readonly #socket: ByteStream;
  readonly #peer: Peer | undefined;
  readonly #flushQueue: FlushQueue;
  readonly #lingering: LingeringStreams;
  readonly #stats: GatewayStats;
  readonly #highWater: number;
  readonly #turns: ReadTurns | undefined;
  #owner: ConnectionOwner | undefined;
  #queued = false;
  #closed = false;
  #congested = false;
  #pauses = 0;
  #peerEnded = false;
  #isDirect = false;
  /** The beginning of a packet that is not complete: `#restBytes` bytes of it. Empty between packets. */
  #rest: Buffer = NONE;
  #restBytes = 0;
  /** Do not look for a packet before this many bytes have come. */
  #needed = 0;

  /**
   * @param peer who the client is, where the stream does not know
   * @param turns what bounds the reads of a turn
   */
  constructor(
    socket: ByteStream,
    flushQueue: FlushQueue,
    lingering: LingeringStreams,
    stats: GatewayStats,
    highWater: number,
    peer?: Peer,
    turns?: ReadTurns,
  ) {
    this.#socket = socket;
    this.#peer = peer;
    this.#flushQueue = flushQueue;
    this.#lingering = lingering;
    this.#stats = stats;
    this.#highWater = highWater;
    this.#turns = turns;
  }

  get remoteAddress(): string {
    return this.#peer?.address ?? this.#socket.remoteAddress ?? '';
  }

  get remotePort(): number {
    return this.#peer?.port ?? this.#socket.remotePort ?? 0;
  }

  /** Common name of the client's certificate, when it is to be the user name. */
  get certificateCommonName(): string | undefined {
    return this.#peer?.certificateCommonName;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Bytes encoded or written that the system has not taken yet. */
  get unsentBytes(): number {
    return this.out.byteLength + unsentBytes(this.#socket);
  }

  get outputBytes(): number {
    return this.out.byteLength;
  }

  /** True while more output waits than the high-water mark allows. */
  get congested(): boolean {
    return this.#congested;
  }

  /** Begins to read. */
  open(owner: ConnectionOwner): void {
    this.#owner = owner;
    const socket = this.#socket;
    this.#isDirect = canWriteDirect(socket);
    // What a PROXY header came with is in the stream: such a socket goes on by its events.
    hearSocket(socket, this, { isShared: this.#peer === undefined, isDrained: !this.#isDirect });
  }

  /** Says that `out` has grown; it is sent at the end of the turn. */
  wantFlush(): void {
    if (this.#queued) return;
    this.#queued = true;
    this.#flushQueue.add(this);
  }

  flush(): number {
    this.#queued = false;
    if (this.#closed) {
      this.out.discard();
      return 0;
    }
    const bytes = this.out.byteLength;
    if (bytes === 0) return 0;
    this.#stats.bytesSent += bytes;
    const socket = this.#socket;
    if (this.#isDirect) {
      if (writeDirect(socket, this.out, this)) return bytes;
    } else {
      writeToStream(socket, this.out);
    }
    if (!this.#congested && this.#isFull(socket)) {
      this.#congested = true;
      // A peer that sends without reading what it is answered would fill our memory with answers.
      this.pause();
    }
    return bytes;
  }

  /** Whether more output waits than the high-water mark allows. Only true when a drain is certain to be told of. */
  #isFull(socket: ByteStream): boolean {
    if (this.#isDirect) return unsentBytes(socket) > this.#highWater;
    // Without `writableNeedDrain` there will be no 'drain': the limit is below the socket's own.
    return socket.writableNeedDrain && socket.writableLength > this.#highWater;
  }

  /** Stops reading until `resume` has been called as often. */
  pause(): void {
    // What is thrown away must not stop.
    if (this.#closed) return;
    if (this.#pauses++ === 0) this.#socket.pause();
  }

  resume(): void {
    if (--this.#pauses > 0 || this.#closed) return;
    if (this.#restBytes > 0) this.#offer(undefined);
    // The packets that waited may have caused another pause.
    if (this.#pauses > 0) return;
    if (this.#peerEnded) this.destroy();
    else this.#socket.resume();
  }

  /** Sends what is waiting, then closes; reads on for a while, so that the peer gets to read it. */
  end(): void {
    if (this.#closed) return;
    this.flush();
    this.#stop();
    this.#lingering.add(this.#socket);
  }

  destroy(): void {
    this.#socket.destroy();
    this.#stop();
  }

  /** Bytes from the socket. */
  received(chunk: Buffer): void {
    // After `end` it is only read so that the peer can read our last words.
    if (this.#closed) return;
    this.#stats.bytesReceived += chunk.length;
    this.#offer(chunk);
    if (chunk.length >= LARGE_READ && !this.closed) this.#turns?.took(this);
  }

  /** The socket has sent all that it had. */
  drained(): void {
    if (this.#closed || !this.#congested) return;
    this.#congested = false;
    this.#owner?.onDrain();
    this.resume();
  }

  /** The peer has ended its side: nothing can be acknowledged to it any more, but what waits counts. */
  peerEnded(): void {
    // It may still be reading.
    if (this.#closed) return;
    if (this.#pauses > 0 && this.#restBytes > 0) this.#peerEnded = true;
    else this.destroy();
  }

  /** The socket has gone. */
  ended(): void {
    this.#lingering.remove(this.#socket);
    this.#stop();
  }

  /** The next packet is not complete before `bytes` have come: saves looking at its parts time and again. */
  need(bytes: number): void {
    this.#needed = bytes;
  }

  #offer(chunk: Buffer | undefined): void {
    const owner = this.#owner;
    if (owner === undefined) return;
    let bytes = chunk;
    if (bytes === undefined || this.#restBytes > 0 || this.#pauses > 0) {
      if (chunk !== undefined) this.#keep(chunk, 0);
      if (this.#pauses > 0 || this.#restBytes < this.#needed) return;
      bytes = this.#rest.subarray(0, this.#restBytes);
      this.#rest = NONE;
      this.#restBytes = 0;
    }
    this.#needed = 0;
    const used = owner.onBytes(bytes);
    if (used === bytes.length || this.#owner === undefined) return;
    // What was kept is our own: it is copied when half has been used up, not after each packet that others wait behind.
    if (bytes !== chunk && 2 * (bytes.length - used) >= bytes.buffer.byteLength) {
      this.#rest = bytes.subarray(used);
      this.#restBytes = this.#rest.length;
      return;
    }
    this.#keep(bytes, used);
  }

  /** Copies, so that the rest of a chunk does not hold all of it; grows by doubling, so that single bytes cost little. */
  #keep(source: Buffer, start: number): void {
    const bytes = this.#restBytes + source.length - start;
    if (bytes > this.#rest.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(bytes, this.#rest.length * 2, SMALLEST_REST));
      this.#rest.copy(larger, 0, 0, this.#restBytes);
      this.#rest = larger;
    }
    source.copy(this.#rest, this.#restBytes, start);
    this.#restBytes = bytes;
  }

  #stop(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#turns?.forget(this);
    this.out.discard();
    this.#rest = NONE;
    this.#restBytes = 0;
    const owner = this.#owner;
    this.#owner = undefined;
    owner?.onClose();
  }
}
