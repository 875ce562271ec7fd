import {
  RECORD_QOS_MASK,
  NO_EXPIRY,
  recordExpiry,
  recordLength,
  recordPayloadStart,
  recordPropertiesLength,
  recordRetained,
  recordTopicLength,
  recordTopicStart,
} from '../../lmq/spi/record.ts';
import type { QueueOffset, Segment } from '../../lmq/spi/types.ts';
import { copyBytes } from '../../common/bytes/copy-bytes.ts';
import { remainingLengthBytes, writeRemainingLength } from '../codec/publish-encoder.ts';

/**
 * The PUBLISH packets of a segment, encoded once for all subscribers of one QoS: only the packet
 * identifiers differ, and are written into each copy. Made when a second subscriber reads the segment.
 */
export interface SegmentTemplate {
  readonly bytes: Buffer;
  /** Per record: where its packet ends in `bytes`; that of a skipped record is the one before. */
  readonly ends: Uint32Array;
  /** Per record: bytes of the payloads in `bytes` up to its end. */
  readonly payloads: Uint32Array;
  /** Per record: where its packet identifier goes, or 0 when the record is not delivered. */
  readonly packetIdAt: Uint32Array;
}

/** Templates of one segment, by subscription QoS and form: what was made so far. */
interface Memo {
  /** QoS 1 and 2 of MQTT 3.1.1, then QoS 1 and 2 of MQTT 5; null where it is not worth it. */
  readonly templates: (SegmentTemplate | null | undefined)[];
}

/** A first subscriber reads the segment or has read it, and no template is made yet. */
const READ_ONCE = Symbol('read once');

/** Segments with larger packets are not worth a second copy in memory. */
const LARGEST_AVERAGE = 512;
/** A packet is copied in one piece with its neighbours: a larger one is encoded on its own. */
export const LARGEST_IN_TEMPLATE = 4096;

/**
 * The template, or undefined when the segment is better encoded record by record: for its first subscriber, who
 * may take it in several batches and goes on within it at `offset` (ADR 591).
 */
export function templateOf(
  segment: Segment,
  offset: QueueOffset,
  subscriptionQos: number,
  isVersion5: boolean,
): SegmentTemplate | undefined {
  if (segment.memo === undefined) {
    segment.memo = READ_ONCE;
    return undefined;
  }
  if (segment.memo === READ_ONCE) {
    if (offset > segment.firstOffset) return undefined;
    segment.memo = { templates: [] } satisfies Memo;
  }
  const memo = segment.memo as Memo;
  const index = (isVersion5 ? 1 : -1) + subscriptionQos;
  const known = memo.templates[index];
  if (known !== undefined) return known ?? undefined;
  const made = encode(segment, subscriptionQos, isVersion5);
  memo.templates[index] = made ?? null;
  return made;
}

function encode(
  segment: Segment,
  subscriptionQos: number,
  isVersion5: boolean,
): SegmentTemplate | undefined {
  const { buffer, positions, start, count } = segment;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const position = positions[start + i] as number;
    // Whether such a record is delivered depends on the time.
    if (recordExpiry(buffer, position) !== NO_EXPIRY) return undefined;
    const length = 5 + bodyLength(buffer, position, isVersion5);
    if (length > LARGEST_IN_TEMPLATE) return undefined;
    total += length;
  }
  if (total > count * LARGEST_AVERAGE) return undefined;
  const bytes = Buffer.allocUnsafeSlow(total);
  const ends = new Uint32Array(count);
  const payloads = new Uint32Array(count);
  let payloadBytes = 0;
  const packetIdAt = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const position = positions[start + i] as number;
    const qos = (buffer[position + 5] as number) & RECORD_QOS_MASK;
    if (qos !== 0) {
      const effective = qos < subscriptionQos ? qos : subscriptionQos;
      const remaining = bodyLength(buffer, position, isVersion5);
      bytes[at] = 0x30 | (effective << 1) | (recordRetained(buffer, position) ? 1 : 0);
      at = writeRemainingLength(bytes, at + 1, remaining);
      const topicLength = recordTopicLength(buffer, position);
      const topicStart = recordTopicStart(position);
      bytes[at++] = topicLength >>> 8;
      bytes[at++] = topicLength;
      at = copyBytes(buffer, topicStart, topicStart + topicLength, bytes, at);
      packetIdAt[i] = at;
      at += 2;
      if (isVersion5) {
        const properties = recordPropertiesLength(buffer, position);
        at = writeRemainingLength(bytes, at, properties);
        const payload = recordPayloadStart(buffer, position);
        at = copyBytes(buffer, payload - properties, payload, bytes, at);
      }
      const end = position + recordLength(buffer, position);
      const payload = recordPayloadStart(buffer, position);
      at = copyBytes(buffer, payload, end, bytes, at);
      payloadBytes += end - payload;
    }
    ends[i] = at;
    payloads[i] = payloadBytes;
  }
  return { bytes, ends, payloads, packetIdAt };
}

/** Remaining length of the record's PUBLISH at QoS 1 or 2. */
function bodyLength(buffer: Buffer, position: number, isVersion5: boolean): number {
  const payload = position + recordLength(buffer, position) - recordPayloadStart(buffer, position);
  const common = 4 + recordTopicLength(buffer, position) + payload;
  if (!isVersion5) return common;
  const properties = recordPropertiesLength(buffer, position);
  return common + remainingLengthBytes(properties) + properties;
}
