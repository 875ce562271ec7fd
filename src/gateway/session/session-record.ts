/**
 * Session record, format versions 1 and 2: value of `StateSpace.SESSION`, keyed by client id. Big endian.
 *
 * ```
 *  0  u8   format version
 *  1  u48  created, ms since the epoch
 *  7  u32  session expiry interval, seconds; 0xffffffff = never
 * 11  u48  disconnected, ms since the epoch; 0 while connected; bit 47: the connection ended with its gateway
 * 17  u48  first offset of the peer queue that is the session's
 * 23  u32  number of subscriptions, each:
 *          u16 filter length
 *          u8  options as in SUBSCRIBE of MQTT 5 (§3.8.3.1): bits 0-1 QoS, bit 2 no local,
 *              bit 3 retain as published, bits 4-5 retain handling; bit 6 retained messages are due
 *          u32 subscription identifier; 0 = none
 *          filter, UTF-8
 *     version 2, behind the subscriptions:
 *          u8  stores that the session has taken in: those behind have come since (docs/adr/0501)
 *          u16 lanes that may have in-flight state whatever is subscribed, as bits
 * ```
 */
import { NEVER_EXPIRES } from '../codec/connect-packet.ts';
import { MAX_U48, StateReader, writeU48 } from './state-reader.ts';

const SESSION_RECORD_VERSION = 1;
/** Of a record with lanes. */
const LISTING_VERSION = 2;
const LISTING_BYTES = 3;
const MAX_U8 = 0xff;
const HEADER_BYTES = 27;
const DISCONNECTED_AT = 11;
/** In `disconnectedAt`: what the client received last may not be saved. */
const WITH_ITS_GATEWAY = 2 ** 47;
const SUBSCRIPTION_BYTES = 7;
const MAX_U32 = 0xffff_ffff;
const MAX_U16 = 0xffff;

export { NEVER_EXPIRES };

export interface StoredSubscription {
  readonly filter: string;
  /** 0, 1 or 2. */
  readonly qos: number;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  /** 0, 1 or 2 (MQTT 5 §3.8.3.1). */
  readonly retainHandling: number;
  /** 0 = none. */
  readonly subscriptionId: number;
  /** Not all retained messages have been sent yet. */
  readonly retainedDue: boolean;
}

export interface SessionRecord {
  readonly clientId: string;
  /** Wall clock, ms. */
  readonly createdAt: number;
  /** Seconds; `NEVER_EXPIRES`. */
  readonly sessionExpirySeconds: number;
  /** As stored: `awaySince` and `endedUnsaved` read it. */
  readonly disconnectedAt: number;
  /** First offset of the client's peer queue (P2P) that belongs to this session. */
  readonly peerOffset: number;
  readonly subscriptions: readonly StoredSubscription[];
  /** Not there when there is one store. */
  readonly lanes?: StoredLanes;
}

/** What the record says of the stores. */
export interface StoredLanes {
  /** How many there were: what the session subscribes is heard from these. */
  readonly known: number;
  /** Lanes that may have in-flight state beside those of the subscriptions, as bits. */
  readonly listed: number;
}

/** Number of subscriptions of a stored session; 0 for a record that cannot be read. */
export function subscriptionCount(value: Buffer): number {
  const isKnown = value[0] === SESSION_RECORD_VERSION || value[0] === LISTING_VERSION;
  if (!isKnown || value.length < HEADER_BYTES) return 0;
  const count = value.readUInt32BE(HEADER_BYTES - 4);
  return count * SUBSCRIPTION_BYTES <= value.length - HEADER_BYTES ? count : 0;
}

/** Whether a stored session counts as connected: its client is, or was when its gateway died. */
export function isConnected(value: Buffer): boolean {
  return value.length >= HEADER_BYTES && value.readUIntBE(DISCONNECTED_AT, 6) === 0;
}

/** The record of the same session after the death of its gateway, noticed at `at` (wall clock, ms). */
export function diedWithGateway(value: Buffer, at: number): Buffer {
  const copy = Buffer.from(value);
  copy.writeUIntBE(at + WITH_ITS_GATEWAY, DISCONNECTED_AT, 6);
  return copy;
}

/** Whether the client may have received more than is saved: there was no orderly end of its connection. */
export function endedUnsaved({ disconnectedAt }: Pick<SessionRecord, 'disconnectedAt'>): boolean {
  return disconnectedAt === 0 || disconnectedAt >= WITH_ITS_GATEWAY;
}

/** Since when the client is away, wall clock in ms; 0 while it is connected. */
export function awaySince({ disconnectedAt }: Pick<SessionRecord, 'disconnectedAt'>): number {
  return disconnectedAt % WITH_ITS_GATEWAY;
}

function requireRange(name: string, value: number, maximum: number): void {
  if (!Number.isInteger(value) || value < 0 || value > maximum) {
    throw new RangeError(`session record: ${name} ${value} is not within 0..${maximum}`);
  }
}

function checkRanges(session: SessionRecord): void {
  requireRange('createdAt', session.createdAt, MAX_U48);
  requireRange('sessionExpirySeconds', session.sessionExpirySeconds, MAX_U32);
  requireRange('disconnectedAt', session.disconnectedAt, MAX_U48);
  requireRange('peerOffset', session.peerOffset, MAX_U48);
  requireRange('known', session.lanes?.known ?? 0, MAX_U8);
  requireRange('listed', session.lanes?.listed ?? 0, MAX_U16);
}

function optionsOf(subscription: StoredSubscription): number {
  return (
    subscription.qos |
    (subscription.noLocal ? 0b100 : 0) |
    (subscription.retainAsPublished ? 0b1000 : 0) |
    (subscription.retainHandling << 4) |
    (subscription.retainedDue ? 0b100_0000 : 0)
  );
}

/** @throws RangeError for a value that the format cannot hold, which is a mistake of the caller */
export function encodeSessionRecord(session: SessionRecord): Buffer {
  checkRanges(session);
  const { lanes } = session;
  let length = HEADER_BYTES + (lanes === undefined ? 0 : LISTING_BYTES);
  for (const { filter } of session.subscriptions) {
    length += SUBSCRIPTION_BYTES + Buffer.byteLength(filter);
  }
  const target = Buffer.allocUnsafe(length);
  target[0] = lanes === undefined ? SESSION_RECORD_VERSION : LISTING_VERSION;
  writeU48(target, session.createdAt, 1);
  target.writeUInt32BE(session.sessionExpirySeconds, 7);
  writeU48(target, session.disconnectedAt, 11);
  writeU48(target, session.peerOffset, 17);
  let at = target.writeUInt32BE(session.subscriptions.length, 23);
  for (const subscription of session.subscriptions) {
    const bytes = target.write(subscription.filter, at + SUBSCRIPTION_BYTES);
    target.writeUInt16BE(bytes, at);
    target[at + 2] = optionsOf(subscription);
    target.writeUInt32BE(subscription.subscriptionId, at + 3);
    at += SUBSCRIPTION_BYTES + bytes;
  }
  if (lanes !== undefined) {
    at = target.writeUInt8(lanes.known, at);
    target.writeUInt16BE(lanes.listed, at);
  }
  return target;
}

function readSubscription(reader: StateReader): StoredSubscription {
  const filterBytes = reader.u16();
  const options = reader.u8();
  const qos = options & 0b11;
  const retainHandling = (options >> 4) & 0b11;
  if (qos === 3 || retainHandling > 2 || options > 0x7f)
    throw reader.corrupt('illegal subscription options');
  return {
    qos,
    noLocal: (options & 0b100) !== 0,
    retainAsPublished: (options & 0b1000) !== 0,
    retainHandling,
    retainedDue: (options & 0b100_0000) !== 0,
    subscriptionId: reader.u32(),
    filter: reader.text(filterBytes),
  };
}

/** @throws StoreError STORE_CORRUPT naming the client, for anything but what `encodeSessionRecord` writes */
export function decodeSessionRecord(value: Buffer, clientId: string): SessionRecord {
  const reader = new StateReader(value, 'session record', clientId);
  const version = reader.expectVersion(SESSION_RECORD_VERSION, LISTING_VERSION);
  const createdAt = reader.u48();
  const sessionExpirySeconds = reader.u32();
  const disconnectedAt = reader.u48();
  const peerOffset = reader.u48();
  const count = reader.u32();
  reader.expect(count, SUBSCRIPTION_BYTES);
  const subscriptions: StoredSubscription[] = [];
  for (let i = 0; i < count; i++) subscriptions.push(readSubscription(reader));
  const lanes =
    version === LISTING_VERSION ? { known: reader.u8(), listed: reader.u16() } : undefined;
  reader.expectEnd();
  const times = { createdAt, sessionExpirySeconds, disconnectedAt };
  const record = { clientId, ...times, peerOffset, subscriptions };
  return lanes === undefined ? record : { lanes, ...record };
}
