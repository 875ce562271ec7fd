/**
 * In-flight record, format versions 1 and 2: value of `StateSpace.INFLIGHT`, keyed by client id. Big endian.
 *
 * ```
 *  0  u8   format version
 *  1  u8   reserved, 0
 *  2  u16  next packet identifier
 *  4  u16  number of received QoS 2 packet identifiers
 *  6  u16  number of entries
 *  8  u24  number of queues
 * 11  u8   reserved, 0
 *     version 2, which is one of several stores' (docs/adr/0501):
 *          u48 created, as in the session record · u48 slot of the next packet identifier
 *     received identifiers, u16 each
 *     entries in send order, 12 bytes each:
 *          u16 packet identifier · u8 state << 4 | QoS · u24 queue index · u48 offset
 *     queue names, each: u32 length · name, UTF-8; that of a shared group is `$share/{name}/{filter}`
 * ```
 * A slot is the number of identifiers given out before, so it tells the order of entries in different records:
 * the identifier of slot `s` is `s % 65535 + 1`.
 */
import { StateReader, writeU48 } from './state-reader.ts';

const INFLIGHT_RECORD_VERSION = 1;
/** Of a record that is one of several. */
const LANE_RECORD_VERSION = 2;
const HEADER_BYTES = 12;
const PLACE_BYTES = 12;
const ENTRY_BYTES = 12;
const NAME_BYTES = 4;
const MAX_U16 = 0xffff;
const MAX_U24 = 0xff_ffff;
const PACKET_IDS = 65_535;

/**
 * Deliveries that are not complete, as parallel arrays, so that saving them makes no object for each.
 * The first `count` elements are valid. In send order: identifiers count up and wrap after 65,535.
 */
export interface InflightEntries {
  packetIds: number[];
  /** 1 = PUBLISH sent, PUBACK or PUBREC awaited; 2 = PUBREC received, PUBCOMP awaited. */
  states: number[];
  /** 1 or 2. */
  qos: number[];
  /** Index in `queueNames`. */
  queueIndexes: number[];
  offsets: number[];
  count: number;
}

export function noEntries(): InflightEntries {
  return { packetIds: [], states: [], qos: [], queueIndexes: [], offsets: [], count: 0 };
}

/** Where a record belongs that is one of several of its session. */
export interface RecordPlace {
  /** When the session was made: a record of another one is what was left of that. */
  readonly sessionCreatedAt: number;
  /** Slot of `nextPacketId`. */
  readonly nextSlot: number;
}

/** In-flight state of one session. */
export interface InflightRecord {
  /** Packet identifier of the next delivery, 1 to 65,535. */
  readonly nextPacketId: number;
  /** Packet identifiers of QoS 2 PUBLISHes received and not released yet. */
  readonly received: ReadonlySet<number>;
  readonly queueNames: readonly string[];
  readonly entries: InflightEntries;
  /** Not there when it is all that the session has. */
  readonly place?: RecordPlace;
}

/** The same to be encoded: `received` may be any collection of identifiers. */
export type InflightContent = Omit<InflightRecord, 'received'> & {
  readonly received: { readonly size: number; keys(): Iterable<number> };
};

function requireAtMost(name: string, value: number, maximum: number): void {
  if (value > maximum)
    throw new RangeError(`in-flight record: ${name} ${value} is over ${maximum}`);
}

function recordBytes({ received, entries, queueNames, place }: InflightContent): number {
  requireAtMost('number of received identifiers', received.size, MAX_U16);
  requireAtMost('number of entries', entries.count, MAX_U16);
  requireAtMost('number of queues', queueNames.length, MAX_U24);
  let bytes = HEADER_BYTES + received.size * 2 + entries.count * ENTRY_BYTES;
  if (place !== undefined) bytes += PLACE_BYTES;
  for (const name of queueNames) bytes += NAME_BYTES + Buffer.byteLength(name);
  return bytes;
}

function writeU16(target: Buffer, value: number, at: number): void {
  target[at] = value >>> 8;
  target[at + 1] = value;
}

function writeU24(target: Buffer, value: number, at: number): void {
  target[at] = value >>> 16;
  target[at + 1] = value >>> 8;
  target[at + 2] = value;
}

function writeEntries(target: Buffer, start: number, entries: InflightEntries): number {
  const { packetIds, states, qos, queueIndexes, offsets, count } = entries;
  let at = start;
  for (let i = 0; i < count; i++) {
    writeU16(target, packetIds[i] as number, at);
    target[at + 2] = ((states[i] as number) << 4) | (qos[i] as number);
    writeU24(target, queueIndexes[i] as number, at + 3);
    at = writeU48(target, offsets[i] as number, at + 6);
  }
  return at;
}

/**
 * Writes the record in one allocation. Values are trusted to be in range, but for the counts.
 * @throws RangeError for a count that the format cannot hold, which is a mistake of the caller
 */
export function encodeInflightRecord(record: InflightContent): Buffer {
  const { received, entries, queueNames, place } = record;
  const target = Buffer.allocUnsafe(recordBytes(record));
  target[0] = place === undefined ? INFLIGHT_RECORD_VERSION : LANE_RECORD_VERSION;
  target[1] = 0;
  writeU16(target, record.nextPacketId, 2);
  writeU16(target, received.size, 4);
  writeU16(target, entries.count, 6);
  writeU24(target, queueNames.length, 8);
  target[11] = 0;
  let at = HEADER_BYTES;
  if (place !== undefined) {
    at = writeU48(target, place.sessionCreatedAt, at);
    at = writeU48(target, place.nextSlot, at);
  }
  for (const packetId of received.keys()) {
    writeU16(target, packetId, at);
    at += 2;
  }
  at = writeEntries(target, at, entries);
  for (const name of queueNames) {
    const bytes = target.write(name, at + NAME_BYTES);
    target.writeUInt32BE(bytes, at);
    at += NAME_BYTES + bytes;
  }
  return target;
}

function readPacketId(reader: StateReader): number {
  const packetId = reader.u16();
  if (packetId === 0) throw reader.corrupt('packet identifier 0');
  return packetId;
}

function readPlace(reader: StateReader, nextPacketId: number): RecordPlace {
  const place = { sessionCreatedAt: reader.u48(), nextSlot: reader.u48() };
  if ((place.nextSlot % PACKET_IDS) + 1 !== nextPacketId) {
    throw reader.corrupt('slot of another packet identifier');
  }
  return place;
}

function readReceived(reader: StateReader, count: number): Set<number> {
  const received = new Set<number>();
  for (let i = 0; i < count; i++) received.add(readPacketId(reader));
  if (received.size !== count) throw reader.corrupt('received packet identifier twice');
  return received;
}

function readEntries(reader: StateReader, count: number, queueCount: number): InflightEntries {
  const entries: InflightEntries = {
    packetIds: [],
    states: [],
    qos: [],
    queueIndexes: [],
    offsets: [],
    count,
  };
  for (let i = 0; i < count; i++) {
    entries.packetIds.push(readPacketId(reader));
    const stateAndQos = reader.u8();
    // 1/1, 1/2 and 2/2: a QoS 1 delivery has no second half
    if (stateAndQos !== 0x11 && stateAndQos !== 0x12 && stateAndQos !== 0x22) {
      throw reader.corrupt('illegal state of an entry');
    }
    entries.states.push(stateAndQos >> 4);
    entries.qos.push(stateAndQos & 0x0f);
    const queueIndex = reader.u24();
    if (queueIndex >= queueCount) throw reader.corrupt('entry of a queue that is not there');
    entries.queueIndexes.push(queueIndex);
    entries.offsets.push(reader.u48());
  }
  return entries;
}

/** Identifiers count up, and the next one follows, within one turn: so none is there twice. */
function checkSendOrder(
  reader: StateReader,
  { packetIds }: InflightEntries,
  nextPacketId: number,
): void {
  let span = 0;
  for (let i = 0; i < packetIds.length; i++) {
    const step = (packetIds[i + 1] ?? nextPacketId) - (packetIds[i] as number);
    span += step > 0 ? step : step + PACKET_IDS;
    if (span > PACKET_IDS)
      throw reader.corrupt('entries are not in the order of their identifiers');
  }
}

/** @throws StoreError STORE_CORRUPT naming the client, for anything but what `encodeInflightRecord` writes */
export function decodeInflightRecord(value: Buffer, clientId: string): InflightRecord {
  const reader = new StateReader(value, 'in-flight record', clientId);
  const version = reader.expectVersion(INFLIGHT_RECORD_VERSION, LANE_RECORD_VERSION);
  if (reader.u8() !== 0) throw reader.corrupt('reserved byte is set');
  const nextPacketId = readPacketId(reader);
  const receivedCount = reader.u16();
  const entryCount = reader.u16();
  const queueCount = reader.u24();
  if (reader.u8() !== 0) throw reader.corrupt('reserved byte is set');
  const place = version === LANE_RECORD_VERSION ? readPlace(reader, nextPacketId) : undefined;
  reader.expect(1, receivedCount * 2 + entryCount * ENTRY_BYTES + queueCount * NAME_BYTES);
  const received = readReceived(reader, receivedCount);
  const entries = readEntries(reader, entryCount, queueCount);
  checkSendOrder(reader, entries, nextPacketId);
  const queueNames: string[] = [];
  for (let i = 0; i < queueCount; i++) queueNames.push(reader.text(reader.u32()));
  reader.expectEnd();
  const record = { nextPacketId, received, queueNames, entries };
  return place === undefined ? record : { ...record, place };
}

/** Slot of each entry; those of a record that is all there is count from its first identifier. */
export function slotsOf({ entries, nextPacketId, place }: InflightRecord): number[] {
  const { packetIds } = entries;
  const slots: number[] = [];
  let next = place?.nextSlot ?? nextSlotOf(packetIds, nextPacketId);
  for (let i = packetIds.length - 1; i >= 0; i--) {
    const step = (packetIds[i + 1] ?? nextPacketId) - (packetIds[i] as number);
    next -= step > 0 ? step : step + PACKET_IDS;
    slots[i] = next;
  }
  return slots;
}

/** Slot of the next packet identifier. */
export function nextSlot({ entries, nextPacketId, place }: InflightRecord): number {
  return place?.nextSlot ?? nextSlotOf(entries.packetIds, nextPacketId);
}

function nextSlotOf(packetIds: readonly number[], nextPacketId: number): number {
  let slot = (packetIds[0] ?? nextPacketId) - 1;
  for (let i = 0; i < packetIds.length; i++) {
    const step = (packetIds[i + 1] ?? nextPacketId) - (packetIds[i] as number);
    slot += step > 0 ? step : step + PACKET_IDS;
  }
  return slot;
}

/** Whether two records of one lane say the same, but for how far the identifiers have come in others. */
export function sayTheSame(a: Buffer, b: Buffer): boolean {
  if (a.length !== b.length || a[0] !== b[0]) return false;
  if (a[0] !== LANE_RECORD_VERSION) return a.equals(b);
  const start = HEADER_BYTES + PLACE_BYTES;
  return (
    a.compare(b, 4, HEADER_BYTES + 6, 4, HEADER_BYTES + 6) === 0 &&
    a.compare(b, start, b.length, start, a.length) === 0
  );
}
