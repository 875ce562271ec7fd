import type { MessageHead } from '../spi/message-head.ts';
import { recordLength, recordSize, stampRecord, writeRecord } from '../spi/record.ts';

const TWO_32 = 0x1_0000_0000;

/**
 * A record in memory of its own, as it is stored.
 * @param topic UTF-8
 * @param now wall clock, ms
 */
export function newRecord(
  topic: Buffer,
  { flags, publisher, properties, expirySeconds }: MessageHead,
  now: number,
  payload: Buffer,
  payloadStart: number,
  payloadEnd: number,
): Buffer {
  const payloadLength = payloadEnd - payloadStart;
  const size = recordSize(topic.length, publisher.length, properties.length, payloadLength);
  const record = Buffer.allocUnsafe(size);
  writeRecord(
    record, 0, flags, topic, publisher, properties, expirySeconds,
    Math.floor(now / TWO_32), now >>> 0, payload, payloadStart, payloadEnd,
  ); // prettier-ignore
  return record;
}

/**
 * A copy of the record at `start`, stored anew.
 * @param now wall clock, ms
 * @param origin as of `stampRecord`
 */
export function copyOfRecord(record: Buffer, start: number, now: number, origin: number): Buffer {
  const copy = Buffer.from(record.subarray(start, start + recordLength(record, start)));
  stampRecord(copy, 0, Math.floor(now / TWO_32), now >>> 0, origin);
  return copy;
}
