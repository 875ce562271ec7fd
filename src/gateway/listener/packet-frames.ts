import { copyBytes } from '../../common/bytes/copy-bytes.ts';
import type { OutBuffer } from '../codec/out-buffer.ts';

const FINAL = 0x80;
const CONTINUATION = 0x0;
const BINARY = 0x2;
/** Payloads from these lengths on have 16 and 64 bits of length in their header. */
const MEDIUM = 126;
const LONG = 65_536;
/** Longer packets may be spread over slabs. */
const IN_ONE_PIECE = 16 * 1024;

/**
 * Output of one connection as WebSocket frames: one binary message for each MQTT packet. A message may
 * hold several packets or parts of them [MQTT-6.0.0-2], but clients that miss those behind the first
 * are in use (Eclipse Paho for C up to 1.3.12 at least). A packet that is spread over chunks becomes
 * one message of several frames.
 */
export class PacketFrames {
  #inHeader = true;
  /** Bytes of the fixed header that have gone by. */
  #headerBytes = 0;
  #scale = 1;
  /** Bytes of the packet that are to come, behind its fixed header. */
  #missing = 0;
  /** The last frame was not the final one of its message. */
  #open = false;

  /** Adds the packets in `chunk` to `out`, each behind the header of its frame; unmasked, as a server sends them. */
  frame(chunk: Buffer, out: OutBuffer): void {
    let start = 0;
    while (start < chunk.length) {
      const end = this.#packetEnd(chunk, start);
      const isFinal = this.#inHeader && this.#headerBytes === 0;
      const first = (isFinal ? FINAL : 0) | (this.#open ? CONTINUATION : BINARY);
      const bytes = end - start;
      const header = headerLength(bytes);
      if (bytes <= IN_ONE_PIECE) {
        const at = out.reserve(header + bytes);
        copyBytes(chunk, start, end, out.slab, writeHeader(out.slab, at, first, bytes));
      } else {
        const at = out.reserve(header);
        writeHeader(out.slab, at, first, bytes);
        out.append(chunk, start, end);
      }
      this.#open = !isFinal;
      start = end;
    }
  }

  /** Where the packet that is under way at `from` ends, or the chunk before it. */
  #packetEnd(chunk: Buffer, from: number): number {
    let at = from;
    while (this.#inHeader) {
      if (at === chunk.length) return at;
      const byte = chunk[at++] as number;
      if (this.#headerBytes++ === 0) continue;
      this.#missing += (byte & 0x7f) * this.#scale;
      this.#scale *= 128;
      this.#inHeader = byte >= 0x80;
    }
    const end = Math.min(chunk.length, at + this.#missing);
    this.#missing -= end - at;
    if (this.#missing === 0) {
      this.#inHeader = true;
      this.#headerBytes = 0;
      this.#scale = 1;
    }
    return end;
  }
}

function headerLength(payload: number): number {
  if (payload < MEDIUM) return 2;
  return payload < LONG ? 4 : 10;
}

/** Returns where the payload begins. */
function writeHeader(frames: Buffer, at: number, first: number, payload: number): number {
  frames[at] = first;
  if (payload < MEDIUM) {
    frames[at + 1] = payload;
    return at + 2;
  }
  if (payload < LONG) {
    frames[at + 1] = 126;
    frames.writeUInt16BE(payload, at + 2);
    return at + 4;
  }
  frames[at + 1] = 127;
  // Packets have less than 2^32 bytes.
  frames.writeUInt32BE(0, at + 2);
  frames.writeUInt32BE(payload, at + 6);
  return at + 10;
}
