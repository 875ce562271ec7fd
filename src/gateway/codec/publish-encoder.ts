import { copyBytes } from '../../common/bytes/copy-bytes.ts';
import { copyWords } from '../../common/bytes/copy-words.ts';
import { RecentView } from '../../common/bytes/recent-view.ts';
import { NO_EXPIRY } from '../../lmq/spi/record.ts';
import type { OutBuffer } from './out-buffer.ts';

/** First byte of PUBLISH at QoS 0; DUP, QoS and RETAIN are added to it (§3.3.1). */
export const PUBLISH_BYTE = 0x30;
export const DUP_FLAG = 0x08;
export const RETAIN_FLAG = 0x01;

const MESSAGE_EXPIRY_INTERVAL = 0x02;
const SUBSCRIPTION_IDENTIFIER = 0x0b;
const TOPIC_ALIAS = 0x23;

/** A word. */
const SHORTEST_BY_WORDS = 4;
/** Above this length one call of `set` is faster (ADR 841). */
const LONGEST_BY_WORDS = 80;

/** What names come from, and what payloads and properties do: often they are of one record, or else take turns. */
const names = new RecentView();
const bodies = new RecentView();

/** Copies `source[start, end)` into the slab of `out` at `at`, where there is room, and returns the position after it. */
function copyTo(
  out: OutBuffer,
  at: number,
  views: RecentView,
  source: Buffer,
  start: number,
  end: number,
): number {
  const length = end - start;
  const from = length < SHORTEST_BY_WORDS ? undefined : views.of(source);
  if (from === undefined) return copyBytes(source, start, end, out.slab, at);
  if (length > LONGEST_BY_WORDS) {
    out.slab.set(new Uint8Array(from.buffer, from.byteOffset + start, length), at);
  } else {
    copyWords(from, start, length, out.view, at);
  }
  return at + length;
}

/** Bytes of a remaining length field, or of any variable byte integer. */
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

/**
 * Encodes one PUBLISH of MQTT 3.1.1 from its parts, straight into the output.
 * @param first fixed header: `PUBLISH_BYTE` with DUP, QoS and RETAIN
 * @param packetId ignored at QoS 0
 */
export function encodePublish(
  out: OutBuffer,
  first: number,
  packetId: number,
  topicSource: Buffer,
  topicStart: number,
  topicLength: number,
  payloadSource: Buffer,
  payloadStart: number,
  payloadEnd: number,
): void {
  const hasId = (first & 0b110) !== 0;
  const headLength = 2 + topicLength + (hasId ? 2 : 0);
  const remaining = headLength + payloadEnd - payloadStart;
  const fixed = 1 + remainingLengthBytes(remaining);
  const whole = fixed + remaining;
  const inOnePiece = whole <= IN_ONE_PIECE;
  let at = out.reserve(inOnePiece ? whole : fixed + headLength);
  const { slab } = out;
  slab[at] = first;
  at = writeRemainingLength(slab, at + 1, remaining);
  slab[at++] = topicLength >>> 8;
  slab[at++] = topicLength;
  at = copyTo(out, at, names, topicSource, topicStart, topicStart + topicLength);
  if (hasId) {
    slab[at++] = packetId >>> 8;
    slab[at++] = packetId;
  }
  if (inOnePiece) copyTo(out, at, bodies, payloadSource, payloadStart, payloadEnd);
  else out.append(payloadSource, payloadStart, payloadEnd);
}

/** Length of the MQTT 5 properties of a PUBLISH, without their own length field. */
export function propertiesLength5(
  stored: number,
  expirySeconds: number,
  subscriptionId: number,
): number {
  return (
    stored +
    (expirySeconds === NO_EXPIRY ? 0 : 5) +
    (subscriptionId === 0 ? 0 : 1 + remainingLengthBytes(subscriptionId))
  );
}

/** Size of the whole PUBLISH packet of MQTT 5. */
export function publishSize5(
  first: number,
  topicLength: number,
  properties: number,
  payloadLength: number,
): number {
  const hasId = (first & 0b110) !== 0;
  const remaining =
    2 +
    topicLength +
    (hasId ? 2 : 0) +
    remainingLengthBytes(properties) +
    properties +
    payloadLength;
  return 1 + remainingLengthBytes(remaining) + remaining;
}

/**
 * Encodes one PUBLISH of MQTT 5: the stored properties as they came, in their order [MQTT-3.3.2-17],
 * behind the message expiry interval and the subscription identifier where there are any. They are
 * `stored[storedStart, storedEnd)`.
 * @param expirySeconds what is left of it, or `NO_EXPIRY`
 * @param subscriptionId 0 = none
 * @param topicAlias 0 = none; the topic may be empty with one that the client knows [MQTT-3.3.2-8]
 */
export function encodePublish5(
  out: OutBuffer,
  first: number,
  packetId: number,
  topicSource: Buffer,
  topicStart: number,
  topicLength: number,
  stored: Buffer,
  storedStart: number,
  storedEnd: number,
  expirySeconds: number,
  subscriptionId: number,
  payloadSource: Buffer,
  payloadStart: number,
  payloadEnd: number,
  topicAlias = 0,
): void {
  const hasId = (first & 0b110) !== 0;
  const properties =
    propertiesLength5(storedEnd - storedStart, expirySeconds, subscriptionId) +
    (topicAlias === 0 ? 0 : 3);
  const headLength =
    2 + topicLength + (hasId ? 2 : 0) + remainingLengthBytes(properties) + properties;
  const remaining = headLength + payloadEnd - payloadStart;
  const head = 1 + remainingLengthBytes(remaining) + headLength;
  const inOnePiece = head + payloadEnd - payloadStart <= IN_ONE_PIECE;
  let at = out.reserve(inOnePiece ? head + payloadEnd - payloadStart : head);
  const { slab } = out;
  slab[at] = first;
  at = writeRemainingLength(slab, at + 1, remaining);
  slab[at++] = topicLength >>> 8;
  slab[at++] = topicLength;
  at = copyTo(out, at, names, topicSource, topicStart, topicStart + topicLength);
  if (hasId) {
    slab[at++] = packetId >>> 8;
    slab[at++] = packetId;
  }
  at = writeRemainingLength(slab, at, properties);
  if (expirySeconds !== NO_EXPIRY) {
    slab[at] = MESSAGE_EXPIRY_INTERVAL;
    slab[at + 1] = expirySeconds >>> 24;
    slab[at + 2] = expirySeconds >>> 16;
    slab[at + 3] = expirySeconds >>> 8;
    slab[at + 4] = expirySeconds;
    at += 5;
  }
  if (subscriptionId !== 0) {
    slab[at++] = SUBSCRIPTION_IDENTIFIER;
    at = writeRemainingLength(slab, at, subscriptionId);
  }
  if (topicAlias !== 0) {
    slab[at++] = TOPIC_ALIAS;
    slab[at++] = topicAlias >>> 8;
    slab[at++] = topicAlias;
  }
  if (inOnePiece && storedEnd === payloadStart && stored === payloadSource) {
    // As they are in a record, one behind the other.
    copyTo(out, at, bodies, stored, storedStart, payloadEnd);
    return;
  }
  at = copyTo(out, at, bodies, stored, storedStart, storedEnd);
  if (inOnePiece) copyTo(out, at, bodies, payloadSource, payloadStart, payloadEnd);
  else out.append(payloadSource, payloadStart, payloadEnd);
}

/**
 * PUBACK, PUBREC, PUBREL or PUBCOMP: `firstByte` is its fixed header.
 * @param reasonCode MQTT 5; success (0) is left out and gives the form of 3.1.1
 */
export function encodeAck(
  out: OutBuffer,
  firstByte: number,
  packetId: number,
  reasonCode = 0,
): void {
  const length = reasonCode === 0 ? 2 : 3;
  const at = out.reserve(2 + length);
  const { slab } = out;
  slab[at] = firstByte;
  slab[at + 1] = length;
  slab[at + 2] = packetId >>> 8;
  slab[at + 3] = packetId;
  if (reasonCode !== 0) slab[at + 4] = reasonCode;
}
