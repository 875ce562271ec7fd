import type { ByteStream } from './byte-stream.ts';
import { beginningOf, readShared } from './shared-reads.ts';

/** Told of what happens to a socket. */
export interface SocketListener {
  /** Bytes from the socket. */
  received(chunk: Buffer): void;
  /** The socket has sent all that it had. */
  drained(): void;
  /** The peer has ended its side. */
  peerEnded(): void;
  /** The socket has gone. */
  ended(): void;
}

export interface SocketEvents {
  /** It may be read into the buffer that all sockets share, past its stream. */
  readonly isShared: boolean;
  /** The stream tells when it has sent what it had. */
  readonly isDrained: boolean;
}

/** Has `listener` told of what comes from the socket from now on. */
export function hearSocket(
  socket: ByteStream,
  listener: SocketListener,
  { isShared, isDrained }: SocketEvents,
): void {
  (socket as HeardSocket)[kListener] = listener;
  if (!isShared || !readShared(socket, onRead)) socket.on('data', onData);
  if (isDrained) socket.on('drain', onDrain);
  socket.on('close', onClose);
  socket.on('error', ignoreReset);
  socket.on('end', onEnd);
}

const kListener = Symbol('listener');

/** A socket knows who listens to it, so that all sockets share these functions: an idle one owns no closure. */
interface HeardSocket extends ByteStream {
  [kListener]?: SocketListener;
}

function onData(this: HeardSocket, chunk: Buffer): void {
  this[kListener]?.received(chunk);
}

function onRead(this: HeardSocket, length: number, buffer: Buffer): boolean {
  this[kListener]?.received(beginningOf(buffer, length));
  return true;
}

function onDrain(this: HeardSocket): void {
  this[kListener]?.drained();
}

function onClose(this: HeardSocket): void {
  this[kListener]?.ended();
}

function onEnd(this: HeardSocket): void {
  this[kListener]?.peerEnded();
}

/** A reset is an end like any other: 'close' follows and does the work. */
function ignoreReset(): void {
  // Nothing to do here.
}
