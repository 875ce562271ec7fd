import {
  checkedHeaderBytes,
  decodeFrame,
  DEFAULT_MAX_FRAME_BYTES,
  FRAME_PREFIX_BYTES,
  frameSize,
  LENGTH_BYTES,
} from './frame.ts';
import type { RemotingCommand } from './remoting-command.ts';

const EMPTY = Buffer.alloc(0);
const MIN_CAPACITY = 1024;

/**
 * Cuts a byte stream into commands. Bytes are copied into one buffer that grows with what has really
 * arrived, never with what a frame announces, and is given up when nothing is left in it.
 */
export class FrameDecoder {
  readonly #maxFrameBytes: number;
  #buffer: Buffer = EMPTY;
  #start = 0;
  #end = 0;

  /** @param maxFrameBytes largest whole frame accepted */
  constructor(maxFrameBytes: number = DEFAULT_MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes received and not yet decoded. */
  get bufferedBytes(): number {
    return this.#end - this.#start;
  }

  push(chunk: Buffer): void {
    this.#reserve(chunk.length);
    this.#end += chunk.copy(this.#buffer, this.#end);
  }

  /**
   * The next whole command, or undefined until more bytes come.
   * @throws RemotingProtocolError as soon as the bytes at hand show a bad frame; the stream is then lost
   */
  next(): RemotingCommand | undefined {
    if (this.bufferedBytes < LENGTH_BYTES) return undefined;
    const frameBytes = frameSize(this.#buffer, this.#start, this.#maxFrameBytes);
    if (this.bufferedBytes < FRAME_PREFIX_BYTES) return undefined;
    checkedHeaderBytes(this.#buffer, this.#start, frameBytes);
    if (this.bufferedBytes < frameBytes) return undefined;
    const command = decodeFrame(this.#buffer.subarray(this.#start, this.#start + frameBytes));
    this.#start += frameBytes;
    if (this.#start === this.#end) this.clear();
    return command;
  }

  /** Forgets what is buffered. */
  clear(): void {
    this.#buffer = EMPTY;
    this.#start = 0;
    this.#end = 0;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return;
    const needed = this.bufferedBytes + bytes;
    const target =
      needed <= this.#buffer.length / 2
        ? this.#buffer
        : Buffer.allocUnsafeSlow(Math.max(MIN_CAPACITY, needed, 2 * this.bufferedBytes));
    this.#buffer.copy(target, 0, this.#start, this.#end);
    this.#buffer = target;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
