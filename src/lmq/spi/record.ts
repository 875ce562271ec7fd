import { copyAll } from '../../common/bytes/copy-bytes.ts';
import { PartCopier } from '../../common/bytes/part-copier.ts';

/**
 * Record format version 1: one stored message. Big endian.
 *
 * ```
 *  0  u32  length of the whole record, this field included
 *  4  u8   format version (1)
 *  5  u8   flags: bits 0-1 QoS as published, bit 2 RETAIN, bit 3 copy of a retained message
 *  6  u16  topic length
 *  8  u48  born time, ms since the epoch
 * 14  u48  store time, ms since the epoch
 * 20  u32  message expiry interval in seconds; 0xffffffff = none
 * 24  u16  publisher client id length
 * 26  u32  MQTT 5 properties length
 * 30  u16  origin: number of the gateway node that appended it; 0 = none
 * 32  topic · client id · properties · payload
 * ```
 * Records travel and rest in this form: the gateway reads fields in place and copies topic and payload
 * straight into packets.
 */
export const RECORD_VERSION = 1;
/** Where the topic begins. */
export const RECORD_HEADER_BYTES = 32;
/**
 * No message expiry interval; 0xffffffff where it is written. A small integer, because V8 makes an object of any
 * larger one that is handed on.
 */
export const NO_EXPIRY = -1;
/** The longest interval that is told from none, seconds. */
export const LONGEST_EXPIRY = 0xfffffffe;
/** The flags of a record: QoS as published. */
export const RECORD_QOS_MASK = 0b11;
/** Published with RETAIN 1. */
export const RECORD_RETAIN = 0b100;
/** Sent because of a new subscription: goes out with RETAIN 1 [MQTT-3.3.1-8]. */
export const RECORD_RETAINED = 0b1000;

const TWO_32 = 0x1_0000_0000;
const payloads = new PartCopier();

/** Bytes of the whole record, header included. */
export function recordLength(buffer: Buffer, position: number): number {
  return readU32(buffer, position);
}

/** Without the range checks of `readUInt32BE`: positions come from the store's own index. */
function readU32(buffer: Buffer, at: number): number {
  return (
    (((buffer[at] as number) << 24) |
      ((buffer[at + 1] as number) << 16) |
      ((buffer[at + 2] as number) << 8) |
      (buffer[at + 3] as number)) >>>
    0
  );
}

function readU48(buffer: Buffer, at: number): number {
  const high = ((buffer[at] as number) << 8) | (buffer[at + 1] as number);
  return high * TWO_32 + readU32(buffer, at + 2);
}

function writeU32(target: Buffer, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

function recordPublisherLength(buffer: Buffer, position: number): number {
  return ((buffer[position + 24] as number) << 8) | (buffer[position + 25] as number);
}

/** QoS as published. */
export function recordQos(buffer: Buffer, position: number): number {
  return (buffer[position + 5] as number) & RECORD_QOS_MASK;
}

/** RETAIN as published. */
export function recordRetain(buffer: Buffer, position: number): boolean {
  return ((buffer[position + 5] as number) & RECORD_RETAIN) !== 0;
}

/** A copy of a retained message for one new subscription. */
export function recordRetained(buffer: Buffer, position: number): boolean {
  return ((buffer[position + 5] as number) & RECORD_RETAINED) !== 0;
}

/** Bytes of the topic. */
export function recordTopicLength(buffer: Buffer, position: number): number {
  return ((buffer[position + 6] as number) << 8) | (buffer[position + 7] as number);
}

/** Where the topic's bytes begin. */
export function recordTopicStart(position: number): number {
  return position + RECORD_HEADER_BYTES;
}

/** The topic as a string. */
export function recordTopic(buffer: Buffer, position: number): string {
  const start = recordTopicStart(position);
  return buffer.toString('utf8', start, start + recordTopicLength(buffer, position));
}

/** When the gateway appended it, ms since the epoch. */
export function recordBornTime(buffer: Buffer, position: number): number {
  return readU48(buffer, position + 8);
}

/** When the store appended it, ms since the epoch. */
export function recordStoreTime(buffer: Buffer, position: number): number {
  return readU48(buffer, position + 14);
}

/** Seconds, or `NO_EXPIRY`. */
export function recordExpiry(buffer: Buffer, position: number): number {
  return expiryFrom(readU32(buffer, position + 20));
}

/** Seconds, or `NO_EXPIRY`, of what stands for it as an u32. */
export function expiryFrom(stored: number): number {
  return stored > LONGEST_EXPIRY ? NO_EXPIRY : stored;
}

/** Client id of the publisher. */
export function recordPublisher(buffer: Buffer, position: number): string {
  const start = recordTopicStart(position) + recordTopicLength(buffer, position);
  return buffer.toString('utf8', start, start + recordPublisherLength(buffer, position));
}

/** The same, UTF-8; a view. */
export function recordPublisherBytes(buffer: Buffer, position: number): Buffer {
  const start = recordTopicStart(position) + recordTopicLength(buffer, position);
  return buffer.subarray(start, start + recordPublisherLength(buffer, position));
}

/** Bytes of the MQTT 5 properties in wire form, without their length. */
export function recordPropertiesLength(buffer: Buffer, position: number): number {
  return readU32(buffer, position + 26);
}

/** MQTT 5 properties in wire form, without their length; a view. */
export function recordProperties(buffer: Buffer, position: number): Buffer {
  const end = recordPayloadStart(buffer, position);
  return buffer.subarray(end - recordPropertiesLength(buffer, position), end);
}

/** Where the payload begins; it ends at the record's end. */
export function recordPayloadStart(buffer: Buffer, position: number): number {
  return (
    position +
    RECORD_HEADER_BYTES +
    recordTopicLength(buffer, position) +
    recordPublisherLength(buffer, position) +
    readU32(buffer, position + 26)
  );
}

/** Bytes of the payload. */
export function recordPayloadLength(buffer: Buffer, position: number): number {
  return position + recordLength(buffer, position) - recordPayloadStart(buffer, position);
}

/** A view of the payload. */
export function recordPayload(buffer: Buffer, position: number): Buffer {
  return buffer.subarray(
    recordPayloadStart(buffer, position),
    position + recordLength(buffer, position),
  );
}

/** Number of the gateway node that appended the record to a shared store; 0 = none (`Cluster.origin`). */
export function recordOrigin(buffer: Buffer, position: number): number {
  return ((buffer[position + 30] as number) << 8) | (buffer[position + 31] as number);
}

/** Fills in what the store adds to a finished record: its own time, as in `writeRecord`, and the origin. */
export function stampRecord(
  target: Buffer,
  position: number,
  timeHigh: number,
  timeLow: number,
  origin: number,
): void {
  target[position + 14] = timeHigh >>> 8;
  target[position + 15] = timeHigh;
  writeU32(target, position + 16, timeLow);
  target[position + 30] = origin >>> 8;
  target[position + 31] = origin;
}

/**
 * Whether a whole record lies at `position`, below `end`: its version is known and its lengths fit each
 * other. For records that come from another process.
 */
export function isRecord(buffer: Buffer, position: number, end: number): boolean {
  if (end - position < RECORD_HEADER_BYTES || end > buffer.length) return false;
  const length = readU32(buffer, position);
  if (length < RECORD_HEADER_BYTES || length > end - position) return false;
  if (buffer[position + 4] !== RECORD_VERSION) return false;
  return recordPayloadStart(buffer, position) <= position + length;
}

/** A copy of a record, at position 0, with other properties and another payload; all else is as it was. */
export function recordWithContent(
  buffer: Buffer,
  position: number,
  properties: Buffer,
  payload: Buffer,
  payloadStart: number,
  payloadEnd: number,
): Buffer {
  const head =
    recordPayloadStart(buffer, position) - recordPropertiesLength(buffer, position) - position;
  const bodyStart = head + properties.length;
  const record = Buffer.allocUnsafe(bodyStart + payloadEnd - payloadStart);
  buffer.copy(record, 0, position, position + head);
  writeU32(record, 0, record.length);
  writeU32(record, 26, properties.length);
  properties.copy(record, head);
  payload.copy(record, bodyStart, payloadStart, payloadEnd);
  return record;
}

/** Size that a record of these parts takes. */
export function recordSize(
  topic: number,
  publisher: number,
  properties: number,
  payload: number,
): number {
  return RECORD_HEADER_BYTES + topic + publisher + properties + payload;
}

/**
 * Writes one record at `position` of `target`, which has room for `recordSize` bytes, and returns the
 * position after it. Times come as the high 16 and low 32 bits, split once per turn by the caller.
 */
export function writeRecord(
  target: Buffer,
  position: number,
  flags: number,
  topic: Buffer,
  publisher: Buffer,
  properties: Buffer,
  expirySeconds: number,
  timeHigh: number,
  timeLow: number,
  payload: Buffer,
  payloadStart: number,
  payloadEnd: number,
): number {
  const topicLength = topic.length;
  const publisherLength = publisher.length;
  const propertiesLength = properties.length;
  const length =
    RECORD_HEADER_BYTES +
    topicLength +
    publisherLength +
    propertiesLength +
    (payloadEnd - payloadStart);
  writeU32(target, position, length);
  target[position + 4] = RECORD_VERSION;
  target[position + 5] = flags;
  target[position + 6] = topicLength >>> 8;
  target[position + 7] = topicLength;
  target[position + 8] = timeHigh >>> 8;
  target[position + 9] = timeHigh;
  writeU32(target, position + 10, timeLow);
  target[position + 14] = timeHigh >>> 8;
  target[position + 15] = timeHigh;
  writeU32(target, position + 16, timeLow);
  writeU32(target, position + 20, expirySeconds);
  target[position + 24] = publisherLength >>> 8;
  target[position + 25] = publisherLength;
  writeU32(target, position + 26, propertiesLength);
  target[position + 30] = 0;
  target[position + 31] = 0;
  let at = position + RECORD_HEADER_BYTES;
  at = copyAll(topic, target, at);
  at = copyAll(publisher, target, at);
  if (propertiesLength > 0) at = copyAll(properties, target, at);
  return payloads.copy(payload, payloadStart, payloadEnd, target, at);
}
