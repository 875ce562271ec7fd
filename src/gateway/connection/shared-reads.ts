import { Socket } from 'node:net';
import { Prefixes } from '../../common/bytes/prefixes.ts';
import { viewOf } from '../../common/bytes/recent-view.ts';
import { inputView } from '../codec/input-view.ts';
import type { ByteStream } from './byte-stream.ts';

/** What libuv offers a read by default. */
const READ_BYTES = 64 * 1024;

/** Takes what one read of `this` has brought: `buffer[0, length)`, which holds until it returns. */
export type ReadSink = (this: ByteStream, length: number, buffer: Buffer) => boolean;

/** The part of a socket's handle that is used here. */
interface StreamHandle {
  useUserBuffer?: (buffer: Buffer) => void;
}

interface ReadableSocket extends Socket {
  _handle?: StreamHandle | null;
  [symbol: symbol]: unknown;
}

/**
 * Where Node keeps what `onread` of `net.connect` sets; a server's sockets have no such option. Undefined in
 * a version of Node that keeps it elsewhere.
 */
const onRead = findSymbols(new Socket());

function findSymbols(socket: Socket): { buffer: symbol; callback: symbol } | undefined {
  const symbols = Object.getOwnPropertySymbols(socket);
  const buffer = symbols.find(({ description }) => description === 'kBuffer');
  const callback = symbols.find(({ description }) => description === 'kBufferCb');
  return buffer === undefined || callback === undefined ? undefined : { buffer, callback };
}

let shared: Buffer | undefined;
let sharedView: DataView | undefined;
let prefixes: Prefixes | undefined;

/**
 * Lets a TCP socket that has not been read from yet read into one buffer that all of them share, past the stream:
 * otherwise each read takes 64 KiB of memory for a few bytes, and the collector has to give it back (ADR 431).
 * @returns false when that cannot be had of the socket: then it has to be read by its events
 */
export function readShared(socket: ByteStream, sink: ReadSink): boolean {
  if (onRead === undefined || !isPlain(socket)) return false;
  const handle = socket._handle;
  if (typeof handle?.useUserBuffer !== 'function') return false;
  if (socket.readableLength > 0 || socket.readableFlowing !== null) return false;
  shared ??= Buffer.allocUnsafeSlow(READ_BYTES);
  sharedView ??= viewOf(shared);
  prefixes ??= new Prefixes(shared);
  socket[onRead.buffer] = shared;
  socket[onRead.callback] = sink;
  handle.useUserBuffer(shared);
  return true;
}

/** `buffer[0, length)`, of the buffer that a read is given. */
export function beginningOf(buffer: Buffer, length: number): Buffer {
  if (buffer !== shared || prefixes === undefined || sharedView === undefined)
    return buffer.subarray(0, length);
  const chunk = prefixes.of(length);
  inputView.know(chunk, sharedView);
  return chunk;
}

/** Not a TLS socket, which is a `net.Socket` too and reads what it has decrypted itself. */
function isPlain(socket: ByteStream): socket is ReadableSocket {
  return Object.getPrototypeOf(socket) === Socket.prototype;
}
