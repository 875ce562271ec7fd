import { isUtf8 } from 'node:buffer';
import { CloseCode, isCloseCode } from './close-code.ts';
import { turnedKey, unmask } from './unmask.ts';

/** Opcodes of frames (RFC 6455 §5.2). */
const Opcode = { CONTINUATION: 0x0, TEXT: 0x1, BINARY: 0x2, CLOSE: 0x8, PING: 0x9, PONG: 0xa };
const FINAL = 0x80;
const RESERVED_BITS = 0x70;
const OPCODE_BITS = 0x0f;
const MASKED = 0x80;
const LENGTH_BITS = 0x7f;
const LENGTH_OF_16_BITS = 126;
const LENGTH_OF_64_BITS = 127;
const KEY_BYTES = 4;
const MAX_CONTROL_BYTES = 125;
const EMPTY = Buffer.alloc(0);

/** What ends a WebSocket, and the code to close it with. */
export class WebSocketError extends Error {
  readonly code: CloseCode;

  constructor(code: CloseCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The memory of the chunk before: sockets share one buffer, so it is nearly always the same (ADR 431). */
let memory: DataView = new DataView(new ArrayBuffer(0));

/**
 * Frames of a client, read as one stream of bytes: what binary messages hold, wherever frames begin and end
 * [MQTT-6.0.0-2]. It is unmasked in place and moved together at the beginning of the chunk, so nothing is kept and
 * nothing copied but control frames and headers that a chunk cuts.
 */
export class WebSocketReader {
  /** What was wrong with what has been read; nothing is read any more. */
  error: WebSocketError | undefined;
  /** Code of the peer's close frame, `NO_STATUS` without one; nothing is read any more. */
  closeCode: number | undefined;
  readonly #maxMessageBytes: number;
  readonly #onPing: (payload: Buffer) => void;
  /** A message is not complete: continuations are to come. */
  #isOpen = false;
  #messageBytes = 0;
  #first = 0;
  /** Of the frame that is under way, bytes to come. -1: its header is not complete. */
  #missing = -1;
  /** Turned so that it begins with the next byte. */
  #key = 0;
  /** The beginning of a header or the payload of a control frame that a chunk has cut. */
  #kept: Buffer | undefined;
  #keptBytes = 0;

  /**
   * @param maxMessageBytes of all frames of a message together
   * @param onPing told the payload, which holds until it returns
   */
  constructor(maxMessageBytes: number, onPing: (payload: Buffer) => void) {
    this.#maxMessageBytes = maxMessageBytes;
    this.#onPing = onPing;
  }

  /** Returns how many bytes of binary messages are at the beginning of `chunk` now. */
  read(chunk: Buffer): number {
    const { buffer, byteOffset, length } = chunk;
    if (memory.buffer !== buffer) memory = new DataView(buffer);
    let at = 0;
    let size = 0;
    while (at < length && this.error === undefined && this.closeCode === undefined) {
      if (this.#missing < 0) {
        at = this.#readHeader(chunk, at);
        // A frame may be empty.
        if (this.#missing !== 0) continue;
      }
      const bytes = Math.min(this.#missing, length - at);
      if ((this.#first & 0x08) !== 0) {
        this.#readControl(chunk, at, bytes);
      } else {
        unmask(memory, byteOffset + at, byteOffset + size, bytes, this.#key);
        size += bytes;
        this.#missing -= bytes;
        if (this.#missing === 0) this.#missing = -1;
        else this.#key = turnedKey(this.#key, bytes);
      }
      at += bytes;
    }
    return size;
  }

  /** Returns where the payload begins, or the end of the chunk when the header goes on in the next one. */
  #readHeader(chunk: Buffer, start: number): number {
    if (this.#keptBytes === 0) {
      const end = start + headerBytes(chunk, start, chunk.length);
      if (end <= chunk.length) {
        this.#takeHeader(chunk, start, end);
        return end;
      }
    }
    const kept = (this.#kept ??= Buffer.allocUnsafeSlow(MAX_CONTROL_BYTES));
    let at = start;
    while (at < chunk.length) {
      kept[this.#keptBytes++] = chunk[at++] as number;
      const whole = headerBytes(kept, 0, this.#keptBytes);
      if (whole > this.#keptBytes) continue;
      this.#keptBytes = 0;
      this.#takeHeader(kept, 0, whole);
      break;
    }
    return at;
  }

  /** A whole header, `bytes[start, end)`. */
  #takeHeader(bytes: Buffer, start: number, end: number): void {
    const first = bytes[start] as number;
    const second = bytes[start + 1] as number;
    let length = second & LENGTH_BITS;
    if (length === LENGTH_OF_16_BITS) length = bytes.readUInt16BE(start + 2);
    else if (length === LENGTH_OF_64_BITS) {
      length = bytes.readUInt32BE(start + 2) * 2 ** 32 + bytes.readUInt32BE(start + 6);
    }
    this.error = this.#errorOf(first, second, length);
    if (this.error !== undefined) return;
    this.#first = first;
    this.#missing = length;
    this.#key =
      ((bytes[end - 4] as number) << 24) |
      ((bytes[end - 3] as number) << 16) |
      ((bytes[end - 2] as number) << 8) |
      (bytes[end - 1] as number);
  }

  /** Judges a header, and notes to which message its frame belongs. */
  #errorOf(first: number, second: number, length: number): WebSocketError | undefined {
    const isFinal = (first & FINAL) !== 0;
    const opcode = first & OPCODE_BITS;
    if ((first & RESERVED_BITS) !== 0) return wrong('reserved bits are set');
    if ((second & MASKED) === 0) return wrong('a frame is not masked');
    if (opcode >= Opcode.CLOSE) {
      if (opcode > Opcode.PONG) return wrong(`unknown opcode ${String(opcode)}`);
      if (!isFinal) return wrong('a control frame in parts');
      const isTooLong = length > MAX_CONTROL_BYTES;
      const isHalfACode = opcode === Opcode.CLOSE && length === 1;
      return isTooLong || isHalfACode ? wrong('length of a control frame') : undefined;
    }
    if (opcode > Opcode.BINARY) return wrong(`unknown opcode ${String(opcode)}`);
    if ((opcode === Opcode.CONTINUATION) !== this.#isOpen) {
      return wrong(this.#isOpen ? 'a message within a message' : 'a continuation of nothing');
    }
    if (opcode === Opcode.TEXT) {
      return new WebSocketError(CloseCode.UNSUPPORTED_DATA, 'text message');
    }
    this.#messageBytes = (this.#isOpen ? this.#messageBytes : 0) + length;
    this.#isOpen = !isFinal;
    return this.#messageBytes > this.#maxMessageBytes
      ? new WebSocketError(CloseCode.MESSAGE_TOO_BIG, 'message is too large')
      : undefined;
  }

  /** Control frames are collected whole; they may be between the frames of a message. */
  #readControl(chunk: Buffer, at: number, bytes: number): void {
    const kept = (this.#kept ??= Buffer.allocUnsafeSlow(MAX_CONTROL_BYTES));
    chunk.copy(kept, this.#keptBytes, at, at + bytes);
    this.#keptBytes += bytes;
    this.#missing -= bytes;
    if (this.#missing > 0) return;
    const end = this.#keptBytes;
    this.#missing = -1;
    this.#keptBytes = 0;
    const opcode = this.#first & OPCODE_BITS;
    // Nobody has asked for a pong.
    if (opcode === Opcode.PONG) return;
    if (opcode === Opcode.PING && end === 0) {
      this.#onPing(EMPTY);
      return;
    }
    const payload = kept.subarray(0, end);
    // The key has not been turned: it is that of the first byte.
    const { buffer, byteOffset, length } = payload;
    unmask(new DataView(buffer), byteOffset, byteOffset, length, this.#key);
    if (opcode === Opcode.PING) this.#onPing(payload);
    else this.#readClose(payload);
  }

  #readClose(payload: Buffer): void {
    if (payload.length === 0) {
      this.closeCode = CloseCode.NO_STATUS;
      return;
    }
    const code = payload.readUInt16BE(0);
    if (!isCloseCode(code)) {
      this.error = wrong(`close code ${String(code)}`);
    } else if (!isUtf8(payload.subarray(2))) {
      this.error = new WebSocketError(CloseCode.INVALID_PAYLOAD, 'close reason is not UTF-8');
    } else {
      this.closeCode = code;
    }
  }
}

function wrong(message: string): WebSocketError {
  return new WebSocketError(CloseCode.PROTOCOL_ERROR, message);
}

/** Bytes of the header at `start`, as far as `bytes[start, end)` tells: more than there are when it is cut. */
function headerBytes(bytes: Buffer, start: number, end: number): number {
  if (end - start < 2) return 2;
  const second = bytes[start + 1] as number;
  const length = second & LENGTH_BITS;
  const extended = length < LENGTH_OF_16_BITS ? 0 : length === LENGTH_OF_16_BITS ? 2 : 8;
  // Without a mask it is refused, and no key is waited for.
  return 2 + extended + ((second & MASKED) === 0 ? 0 : KEY_BYTES);
}
