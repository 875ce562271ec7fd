import { Socket } from 'node:net';
import type { OutBuffer } from '../codec/out-buffer.ts';
import { slabPool } from '../codec/slab-pool.ts';
import type { ByteStream } from './byte-stream.ts';

/** What the handle needs to finish a write later. */
interface WriteRequest {
  oncomplete?: (status: number) => void;
  /** Keeps the memory until the system has taken it: libuv knows its address alone. */
  chunks?: readonly Buffer[];
}

/** The part of a socket's handle that is used here. Results are 0 or a negative error number. */
interface StreamHandle {
  /** Bytes that the system has not taken yet. */
  readonly writeQueueSize: number;
  writeBuffer(request: WriteRequest, chunk: Buffer): number;
  writev(request: WriteRequest, chunks: readonly Buffer[], areBuffers: true): number;
}

interface DirectSocket extends ByteStream {
  _handle?: Partial<StreamHandle> | null;
}

/** Node's binding to libuv's streams, as `net` uses it. */
interface StreamBinding {
  readonly WriteRequest: new () => WriteRequest;
  /** Where the binding leaves word of the last call, and at which index whether its write goes on. */
  readonly state: Int32Array;
  readonly wasAsync: number;
}

/** Undefined in a version of Node that has it elsewhere. */
const binding = findBinding();

function findBinding(): StreamBinding | undefined {
  // eslint-disable-next-line no-restricted-globals -- Node's binding to libuv, not the process's environment
  const { binding: find } = process as { binding?: (name: string) => Record<string, unknown> };
  const found = find?.('stream_wrap');
  const { WriteWrap: Request, streamBaseState: state, kLastWriteWasAsync: wasAsync } = found ?? {};
  if (typeof Request !== 'function' || typeof wasAsync !== 'number') return undefined;
  if (!(state instanceof Int32Array)) return undefined;
  return { WriteRequest: Request as StreamBinding['WriteRequest'], state, wasAsync };
}

/** Told what becomes of output that the system has not taken at once. */
export interface DirectWriter {
  /** Nothing waits any more. May come more than once. */
  drained(): void;
  /** The peer has gone. */
  destroy(): void;
}

/**
 * Whether a socket's output can go past the stream, to the handle: a TCP socket's, where Node has what it
 * takes (ADR 511). Then all of it has to, because the stream does not know of what waits.
 */
export function canWriteDirect(socket: ByteStream): boolean {
  // A TLS socket is a `net.Socket` too, and what it writes is not encrypted yet.
  if (binding === undefined || Object.getPrototypeOf(socket) !== Socket.prototype) return false;
  const handle = (socket as DirectSocket)._handle;
  return (
    typeof handle?.writeBuffer === 'function' &&
    typeof handle.writev === 'function' &&
    typeof handle.writeQueueSize === 'number'
  );
}

/** Bytes written to a stream, in whichever way, that the system has not taken yet. */
export function unsentBytes(socket: ByteStream): number {
  return socket.writableLength + ((socket as DirectSocket)._handle?.writeQueueSize ?? 0);
}

/** One for all writes that the system takes at once, which is nearly every one: they leave it as it is. */
let request: WriteRequest | undefined;
/** Most writes are of one slab: a list for it would be made anew for each write. */
let onlySlab: Buffer | undefined;
let onlyLength = 0;
let slabs: Buffer[] = [];
let chunks: Buffer[] = [];

function takeOnly(slab: Buffer, length: number): void {
  onlySlab = slab;
  onlyLength = length;
}

function collect(slab: Buffer, length: number): void {
  slabs.push(slab);
  chunks.push(partOf(slab, length));
}

function partOf(slab: Buffer, length: number): Buffer {
  return length === slab.length ? slab : slab.subarray(0, length);
}

/**
 * Writes all of `out` in one system call. What the system does not take at once, libuv keeps, in order, and
 * `writer` is told.
 * @returns true when nothing waits: all is sent, or the socket is destroyed
 */
export function writeDirect(socket: ByteStream, out: OutBuffer, writer: DirectWriter): boolean {
  const handle = (socket as DirectSocket)._handle as StreamHandle | null | undefined;
  // Destroyed: 'close' follows.
  if (handle === null || handle === undefined || binding === undefined) {
    out.discard();
    return true;
  }
  request ??= new binding.WriteRequest();
  const status = out.slabs === 1 ? writeOnly(handle, request, out) : writeAll(handle, request, out);
  if (status === 0 && binding.state[binding.wasAsync] !== 0) {
    finishLater(handle, request, writer);
    return false;
  }
  if (onlySlab === undefined) {
    giveBack(slabs);
    slabs = [];
    chunks = [];
  } else {
    slabPool.give(onlySlab);
    onlySlab = undefined;
  }
  if (status !== 0) {
    request = undefined;
    // Its event comes in a later turn: who writes is not to lose its session in the middle of that.
    socket.destroy();
  }
  return true;
}

function writeOnly(handle: StreamHandle, pending: WriteRequest, out: OutBuffer): number {
  out.drainTo(takeOnly);
  return handle.writeBuffer(pending, partOf(onlySlab as Buffer, onlyLength));
}

function writeAll(handle: StreamHandle, pending: WriteRequest, out: OutBuffer): number {
  out.drainTo(collect);
  return handle.writev(pending, chunks, true);
}

/** The request and the slabs belong to libuv until it has sent them. */
function finishLater(handle: StreamHandle, pending: WriteRequest, writer: DirectWriter): void {
  if (onlySlab !== undefined) {
    collect(onlySlab, onlyLength);
    onlySlab = undefined;
  }
  const held = slabs;
  pending.chunks = chunks;
  pending.oncomplete = (status) => {
    giveBack(held);
    if (status < 0) writer.destroy();
    else if (handle.writeQueueSize === 0) writer.drained();
  };
  request = undefined;
  slabs = [];
  chunks = [];
}

function giveBack(sent: readonly Buffer[]): void {
  for (const slab of sent) slabPool.give(slab);
}
