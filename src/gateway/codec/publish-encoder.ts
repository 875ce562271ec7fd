import { copyBytes } from '../../common/bytes/copy-bytes.ts';
import type { OutBuffer } from './out-buffer.ts';
import {
  recordLength,
  recordPayloadStart,
  recordTopicLength,
  recordTopicStart,
} from '../../lmq/spi/record.ts';

/**
 * PUBLISH out, encoded straight into the connection's output. MQTT 3.1.1 form: live messages always
 * carry RETAIN 0 [MQTT-3.3.1-9].
 */
const PUBLISH = 0x30;
const DUP = 0x08;

/** Bytes of a remaining length field. */
export function remainingLengthBytes(length: number): number {
  if (length < 0x80) return 1;
  if (length < 0x4000) return 2;
  return length < 0x20_0000 ? 3 : 4;
}

/** Writes a remaining length and returns the position after it. */
export function writeRemainingLength(target: Buffer, position: number, length: number): number {
  let at = position;
  let rest = length;
  while (rest > 0x7f) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}

/** Packets up to this size are encoded in one piece; the payload of a larger one may span slabs. */
const IN_ONE_PIECE = 16 * 1024;

/** Encodes one PUBLISH from its parts. `packetId` is ignored at QoS 0. */
export function encodePublish(
  out: OutBuffer,
  qos: number,
  dup: boolean,
  packetId: number,
  topicSource: Buffer,
  topicStart: number,
  topicLength: number,
  payloadSource: Buffer,
  payloadStart: number,
  payloadEnd: number,
): void {
  const headLength = 2 + topicLength + (qos === 0 ? 0 : 2);
  const remaining = headLength + payloadEnd - payloadStart;
  const fixed = 1 + remainingLengthBytes(remaining);
  const whole = fixed + remaining;
  const inOnePiece = whole <= IN_ONE_PIECE;
  let at = out.reserve(inOnePiece ? whole : fixed + headLength);
  const { slab } = out;
  slab[at] = PUBLISH | (dup ? DUP : 0) | (qos << 1);
  at = writeRemainingLength(slab, at + 1, remaining);
  slab[at++] = topicLength >>> 8;
  slab[at++] = topicLength;
  at = copyBytes(topicSource, topicStart, topicStart + topicLength, slab, at);
  if (qos !== 0) {
    slab[at++] = packetId >>> 8;
    slab[at++] = packetId;
  }
  if (inOnePiece) copyBytes(payloadSource, payloadStart, payloadEnd, slab, at);
  else out.append(payloadSource, payloadStart, payloadEnd);
}

/** Encodes the PUBLISH of a stored record. */
export function encodeRecord(
  out: OutBuffer,
  buffer: Buffer,
  position: number,
  qos: number,
  dup: boolean,
  packetId: number,
): void {
  encodePublish(
    out,
    qos,
    dup,
    packetId,
    buffer,
    recordTopicStart(position),
    recordTopicLength(buffer, position),
    buffer,
    recordPayloadStart(buffer, position),
    position + recordLength(buffer, position),
  );
}

/** PUBACK, PUBREC, PUBREL or PUBCOMP: `firstByte` is its fixed header. */
export function encodeAck(out: OutBuffer, firstByte: number, packetId: number): void {
  const at = out.reserve(4);
  const { slab } = out;
  slab[at] = firstByte;
  slab[at + 1] = 2;
  slab[at + 2] = packetId >>> 8;
  slab[at + 3] = packetId;
}
