import { isValidMqttUtf8 } from '../../common/bytes/utf8.ts';
import { packetTypeName } from './packet-type.ts';
import type { PacketType } from './packet-type.ts';
import { MqttProtocolError } from './protocol-error.ts';
import { ReasonCode } from './reason-code.ts';

function malformed(message: string): MqttProtocolError {
  return new MqttProtocolError(ReasonCode.MALFORMED_PACKET, message);
}

/**
 * Reads the data types of MQTT (3.1.1 §1.5, MQTT 5 §1.5) in order, strictly: whatever does not fit or is
 * ill-formed throws an MqttProtocolError with MALFORMED_PACKET. `what` names the field in the message.
 */
export class WireReader {
  readonly buffer: Buffer;
  readonly end: number;
  position: number;

  constructor(buffer: Buffer, position: number, end: number) {
    this.buffer = buffer;
    this.position = position;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  #take(bytes: number, what: string): number {
    if (bytes > this.end - this.position) throw malformed(`packet ends within ${what}`);
    const start = this.position;
    this.position += bytes;
    return start;
  }

  u8(what: string): number {
    return this.buffer[this.#take(1, what)] as number;
  }

  u16(what: string): number {
    const at = this.#take(2, what);
    return ((this.buffer[at] as number) << 8) | (this.buffer[at + 1] as number);
  }

  u32(what: string): number {
    return this.buffer.readUInt32BE(this.#take(4, what));
  }

  /**
   * Variable byte integer of at most four bytes.
   * @param isShortest whether it must be in its shortest form [MQTT5-1.5.5-1]
   */
  varint(what: string, isShortest = true): number {
    let value = 0;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.u8(what);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (isShortest && byte === 0 && shift > 0)
          throw malformed(`${what} is not in its shortest form`);
        return value;
      }
    }
    throw malformed(`${what} has over four bytes`);
  }

  /** Two-byte length and as many bytes, as a view. */
  binary(what: string): Buffer {
    const start = this.#take(this.u16(what), what);
    return this.buffer.subarray(start, this.position);
  }

  /** The same without a view. */
  skipBinary(what: string): void {
    this.#take(this.u16(what), what);
  }

  /** UTF-8 string [MQTT-1.5.3-1] [MQTT-1.5.3-2] [MQTT-1.5.3-3]. */
  string(what: string): string {
    const start = this.skipString(what);
    return this.buffer.toString('utf8', start, this.position);
  }

  /** Checks a UTF-8 string without decoding it; returns where its text begins. */
  skipString(what: string): number {
    const start = this.#take(this.u16(what), what);
    if (!isValidMqttUtf8(this.buffer, start, this.position)) {
      throw malformed(`${what} is not a UTF-8 string that MQTT allows`);
    }
    return start;
  }

  /** Checks the pairs of UTF-8 strings that follow without decoding them, as long as each stands behind the byte `id`. */
  skipPairs(id: number, what: string): void {
    const { buffer, end } = this;
    while (this.position < end && buffer[this.position] === id) {
      const second = afterString(buffer, this.position + 1, end);
      const next = second < 0 ? second : afterString(buffer, second, end);
      if (next < 0) {
        // Reading them says what is wrong.
        this.position++;
        this.skipString(what);
        this.skipString(what);
      } else {
        this.position = next;
      }
    }
  }

  /** A reader of the next `bytes` bytes, which this one skips. */
  part(bytes: number, what: string): WireReader {
    const start = this.#take(bytes, what);
    return new WireReader(this.buffer, start, this.position);
  }

  expectEnd(what: string): void {
    if (this.position !== this.end) throw malformed(`${this.remaining} bytes too many in ${what}`);
  }
}

/** Where the UTF-8 string at `at` ends; -1 when it is ill-formed, or ends behind `end`. */
function afterString(buffer: Buffer, at: number, end: number): number {
  const start = at + 2;
  if (start > end) return -1;
  const stop = start + (((buffer[at] as number) << 8) | (buffer[at + 1] as number));
  return stop <= end && isValidMqttUtf8(buffer, start, stop) ? stop : -1;
}

/**
 * Reader of what follows the fixed header of a complete packet. Checks the packet type, the flag bits
 * [MQTT-2.2.2-2] and that the remaining length is the frame's; whether that is in its shortest form is `FrameReader`'s
 * question, but for CONNECT.
 */
export function readerOfBody(frame: Buffer, type: PacketType, flags: number): WireReader {
  const name = packetTypeName(type);
  const reader = new WireReader(frame, 0, frame.length);
  const first = reader.u8('fixed header');
  if (first >> 4 !== type) throw malformed(`expected ${name}, got ${packetTypeName(first >> 4)}`);
  if ((first & 0x0f) !== flags) throw malformed(`wrong flag bits in the fixed header of ${name}`);
  if (reader.varint('remaining length', false) !== reader.remaining) {
    throw malformed(`remaining length of ${name} is not that of the packet`);
  }
  return reader;
}

/** Packet identifier; 0 is none [MQTT-2.3.1-1]. */
export function readPacketId(reader: WireReader): number {
  const packetId = reader.u16('packet identifier');
  if (packetId === 0) throw malformed('packet identifier 0');
  return packetId;
}
