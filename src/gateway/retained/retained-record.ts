/**
 * Retained message, format version 1: value of `StateSpace.RETAINED`, keyed by topic name.
 *
 * ```
 * 0  u8   format version (1)
 * 1  the message, as a record of the log (`lmq/spi/record.ts`): QoS as published, time it was stored,
 *    message expiry interval, topic, publisher's client id, MQTT 5 properties, payload
 * ```
 * So it is encoded for a client by the same code as any other message.
 */
import { ErrorCode, StoreError } from '../../common/errors.ts';
import type { MessageHead } from '../../lmq/spi/message-head.ts';
import {
  NO_EXPIRY,
  RECORD_HEADER_BYTES,
  RECORD_RETAIN,
  RECORD_RETAINED,
  RECORD_VERSION,
  recordExpiry,
  recordLength,
  recordPayloadStart,
  recordSize,
  recordStoreTime,
  writeRecord,
} from '../../lmq/spi/record.ts';

const RETAINED_RECORD_VERSION = 1;
/** Position of the log record in the value. */
export const RETAINED_RECORD_AT = 1;

const TWO_32 = 0x1_0000_0000;

/**
 * The value of a message as it was published, whose payload is `payload[payloadStart, payloadEnd)`. Its parts are not put
 * together in an object: for one whose fields are spread from others V8 may make a new shape each time (ADR 990).
 * @param topic its name, UTF-8
 * @param storedAt wall clock, ms
 */
export function encodeRetainedRecord(
  topic: Buffer,
  head: MessageHead,
  payload: Buffer,
  payloadStart: number,
  payloadEnd: number,
  storedAt: number,
): Buffer {
  const { publisher, properties } = head;
  const size = recordSize(
    topic.length,
    publisher.length,
    properties.length,
    payloadEnd - payloadStart,
  );
  const value = Buffer.allocUnsafe(RETAINED_RECORD_AT + size);
  value[0] = RETAINED_RECORD_VERSION;
  writeRecord(
    value,
    RETAINED_RECORD_AT,
    head.flags | RECORD_RETAIN | RECORD_RETAINED,
    topic,
    publisher,
    properties,
    head.expirySeconds,
    Math.floor(storedAt / TWO_32),
    storedAt % TWO_32,
    payload,
    payloadStart,
    payloadEnd,
  );
  return value;
}

/** @throws StoreError STORE_CORRUPT for anything but what `encodeRetainedRecord` writes */
export function checkRetainedRecord(value: Buffer, topic: string): void {
  const corrupt = (reason: string): StoreError =>
    new StoreError(
      ErrorCode.STORE_CORRUPT,
      `retained message of topic ${JSON.stringify(topic)} is unreadable: ${reason}`,
    );
  if (value[0] !== RETAINED_RECORD_VERSION) throw corrupt(`format version ${String(value[0])}`);
  if (value.length < RETAINED_RECORD_AT + RECORD_HEADER_BYTES) throw corrupt('it is cut off');
  if (value[RETAINED_RECORD_AT + 4] !== RECORD_VERSION) throw corrupt('unknown record version');
  if (
    recordLength(value, RETAINED_RECORD_AT) !== value.length - RETAINED_RECORD_AT ||
    recordPayloadStart(value, RETAINED_RECORD_AT) > value.length
  ) {
    throw corrupt('its lengths do not fit');
  }
}

/** When the message expires, wall clock in ms; Infinity for never. */
export function retainedExpiresAt(value: Buffer): number {
  const seconds = recordExpiry(value, RETAINED_RECORD_AT);
  if (seconds === NO_EXPIRY) return Infinity;
  return recordStoreTime(value, RETAINED_RECORD_AT) + seconds * 1000;
}
