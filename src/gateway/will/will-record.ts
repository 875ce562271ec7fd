/**
 * Will message, format version 1: value of `StateSpace.WILL`, keyed by client id. Big endian.
 *
 * ```
 *  0  u8   format version (1)
 *  1  u8   bits 0-1 QoS, bit 2 RETAIN
 *  2  u48  when it is due, ms since the epoch; 0 while the connection is open
 *  8  u32  will delay interval, seconds
 * 12  u32  session expiry interval, seconds, as in CONNECT
 * 16  u32  message expiry interval, seconds; 0xffffffff = none
 * 20  u16  topic length
 * 22  u32  properties length
 * 26  topic, UTF-8 · properties of the PUBLISH in wire form · payload
 * ```
 */
import type { Will } from '../codec/will.ts';
import { expiryFrom, NO_EXPIRY } from '../../lmq/spi/record.ts';
import { StateReader, writeU48 } from '../session/state-reader.ts';

const WILL_RECORD_VERSION = 1;
const HEADER_BYTES = 26;
const QOS_MASK = 0b11;
const RETAIN = 0b100;

/** The will of a connection, with what decides when it is published. */
export interface StoredWill extends Will {
  readonly sessionExpirySeconds: number;
  /** Wall clock, ms; 0 while the connection is open. */
  readonly dueAt: number;
}

/** From the end of the connection: end of the delay or of the session, whichever comes first (MQTT 5 §3.1.3.2.2). */
export function delayMs({ delaySeconds, sessionExpirySeconds }: StoredWill): number {
  return Math.min(delaySeconds, sessionExpirySeconds) * 1000;
}

/**
 * Whether its delay has not passed yet, which it may have while no gateway was there. The connection has ended, now at
 * the latest.
 * @param now wall clock, ms
 */
export function isWaiting(will: StoredWill, now: number): boolean {
  return will.dueAt === 0 ? delayMs(will) > 0 : will.dueAt > now;
}

export function encodeWillRecord(will: StoredWill): Buffer {
  const topicBytes = Buffer.byteLength(will.topic);
  const { properties, payload } = will;
  const target = Buffer.allocUnsafe(HEADER_BYTES + topicBytes + properties.length + payload.length);
  target[0] = WILL_RECORD_VERSION;
  target[1] = will.qos | (will.retain ? RETAIN : 0);
  writeU48(target, will.dueAt, 2);
  target.writeUInt32BE(will.delaySeconds, 8);
  target.writeUInt32BE(will.sessionExpirySeconds, 12);
  target.writeUInt32BE((will.expirySeconds ?? NO_EXPIRY) >>> 0, 16);
  target.writeUInt16BE(topicBytes, 20);
  target.writeUInt32BE(properties.length, 22);
  const at = HEADER_BYTES + target.write(will.topic, HEADER_BYTES);
  properties.copy(target, at);
  payload.copy(target, at + properties.length);
  return target;
}

/** @throws StoreError STORE_CORRUPT naming the client, for anything but what `encodeWillRecord` writes */
export function decodeWillRecord(value: Buffer, clientId: string): StoredWill {
  const reader = new StateReader(value, 'will', clientId);
  reader.expectVersion(WILL_RECORD_VERSION);
  const flags = reader.u8();
  const qos = flags & QOS_MASK;
  if (qos === 3 || flags > (RETAIN | QOS_MASK)) throw reader.corrupt('illegal flags');
  const dueAt = reader.u48();
  const delaySeconds = reader.u32();
  const sessionExpirySeconds = reader.u32();
  const expirySeconds = expiryFrom(reader.u32());
  const topicBytes = reader.u16();
  const propertiesBytes = reader.u32();
  return {
    qos: qos as 0 | 1 | 2,
    retain: (flags & RETAIN) !== 0,
    dueAt,
    delaySeconds,
    sessionExpirySeconds,
    expirySeconds: expirySeconds === NO_EXPIRY ? undefined : expirySeconds,
    topic: reader.text(topicBytes),
    properties: reader.bytes(propertiesBytes),
    payload: reader.bytes(reader.remaining),
  };
}
