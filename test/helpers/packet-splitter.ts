/** Called with the buffer that holds one packet: first byte at `start`, body from `bodyStart` to `end`. */
export type FrameListener = (buffer: Buffer, start: number, bodyStart: number, end: number) => void;

/** Where the body begins and the packet ends, or undefined while the fixed header is incomplete. */
function measure(buffer: Buffer, start: number): { bodyStart: number; end: number } | undefined {
  let length = 0;
  for (let i = 0; i < 4; i++) {
    const byte = buffer[start + 1 + i];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) {
      const bodyStart = start + 2 + i;
      return { bodyStart, end: bodyStart + length };
    }
  }
  throw new Error('the server sent a malformed remaining length');
}

/** Cuts a byte stream into MQTT packets. */
export class PacketSplitter {
  #parts: Buffer[] = [];
  #length = 0;
  /** Bytes that the first packet of the rest needs, as far as known. */
  #wanted = 2;

  push(chunk: Buffer, onFrame: FrameListener): void {
    this.#parts.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#wanted) return;
    const buffer = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts);
    let at = 0;
    this.#wanted = 2;
    while (buffer.length - at >= 2) {
      const packet = measure(buffer, at);
      if (packet === undefined) break;
      if (packet.end > buffer.length) {
        this.#wanted = packet.end - at;
        break;
      }
      onFrame(buffer, at, packet.bodyStart, packet.end);
      at = packet.end;
    }
    this.#parts = at < buffer.length ? [buffer.subarray(at)] : [];
    this.#length = buffer.length - at;
  }
}
