/**
 * In-flight record: value of `StateSpace.INFLIGHT`, keyed by client id. Big endian. Written in format version 3 or 4.
 *
 * ```
 *  0  u8   format version
 *  1  u8   1: received identifiers are in pages (versions 3 and 4); otherwise 0
 *  2  u16  next packet identifier
 *  4  u16  number of received QoS 2 packet identifiers
 *  6  u16  number of entries
 *  8  u24  number of queues
 * 11  u8   reserved, 0
 *     version 4, which is one of several stores' (docs/adr/0501):
 *          u48 created, as in the session record · u48 slot of the next packet identifier
 *     in pages: u32 pages that there are, lowest bit first, which are values of the same space
 *          (src/gateway/session/received-pages.ts); no runs of received identifiers follow
 *     received identifiers as runs, in any order, until that number is reached:
 *          varint  identifiers skipped since the run before (the first: since 1) << 1 | long
 *          varint  length - 2, only when long; otherwise the run is one identifier
 *     when there are entries: u16 packet identifier of the first one
 *     entries as runs, in send order, until that number is reached; what follows in a run has the next packet
 *     identifier, the next offset and the same rest:
 *          u8      bits 0-1: 0 = PUBLISH of QoS 1 sent, 1 = of QoS 2, 2 = PUBREC received; bits 2-5: what follows
 *          varint  bit 2: identifiers skipped since the run before
 *          varint  bit 3: queue index; without, that of the run before (the first: 0)
 *          varint  bit 4: offset, from the one behind the last run of the queue (its first run: from 0), zigzag
 *          varint  bit 5: length - 2; without, the run is one entry
 *     queue names, each: varint length · name, UTF-8; that of a shared group is `$share/{name}/{filter}`
 * ```
 * A varint is LEB128. There is one way to write a record: no run that could be part of the one before it, no zero where a
 * bit can be left out.
 *
 * Versions 1 (of one store) and 2 (of several) are read for ever. Behind the same header, and in version 2 the same place:
 *
 * ```
 *     received identifiers, u16 each
 *     entries in send order, 12 bytes each:
 *          u16 packet identifier · u8 state << 4 | QoS · u24 queue index · u48 offset
 *     queue names, each: u32 length · name, UTF-8
 * ```
 * A slot is the number of identifiers given out before, so it tells the order of entries in different records:
 * the identifier of slot `s` is `s % 65535 + 1`.
 */
import { copyBytes } from '../../common/bytes/copy-bytes.ts';
import { writeVarint } from '../../common/bytes/varint.ts';
import { type InflightEntries, noEntries, PACKET_IDS, packetIdStep } from './inflight-entries.ts';
import { InflightRuns, kindOf } from './inflight-runs.ts';
import { MOST_RECEIVED_BYTES, readReceivedRuns, writeReceived } from './received-runs.ts';
import { readRuns } from './run-reader.ts';
import { StateReader, writeU48 } from './state-reader.ts';

/** With 12 bytes for each entry: of one store, and of one of several. */
const FIRST_VERSION = 1;
const FIRST_LANE_VERSION = 2;
/** With runs. */
const INFLIGHT_RECORD_VERSION = 3;
const LANE_RECORD_VERSION = 4;
const HEADER_BYTES = 12;
const PLACE_BYTES = 12;
const PAGES_BYTES = 4;
const ENTRY_BYTES = 12;
const NAME_BYTES = 4;
/** Byte 1. */
const IN_PAGES = 1;
const MAX_U16 = 0xffff;
const MAX_U24 = 0xff_ffff;
/** Bytes of UTF-8 for a UTF-16 code unit. */
const MOST_CHARACTER_BYTES = 3;
/** Records are put together here and copied: how long one is shows at its end. */
const scratch = Buffer.allocUnsafeSlow(32 * 1024);

/** Where a record belongs that is one of several of its session. */
export interface RecordPlace {
  /** Creation time of the session: a record with another one was left behind by an earlier session of the client. */
  readonly sessionCreatedAt: number;
  /** Slot of `nextPacketId`. */
  readonly nextSlot: number;
}

/** Received identifiers that are not in the record. */
export interface ReceivedPages {
  readonly count: number;
  /** Pages that there are, as bits. */
  readonly pages: number;
}

/** In-flight state of one session. */
export interface InflightRecord {
  /** Packet identifier of the next delivery, 1 to 65,535. */
  readonly nextPacketId: number;
  /** Packet identifiers of QoS 2 PUBLISHes received and not released yet. */
  readonly received: ReadonlySet<number>;
  /** They are not in `received` but in pages. */
  readonly receivedPages?: ReceivedPages;
  readonly queueNames: readonly string[];
  readonly entries: InflightEntries;
  /** Not there when it is all that the session has. */
  readonly place?: RecordPlace;
}

/** Received identifiers to be encoded. */
export interface ReceivedContent {
  readonly size: number;
  /** As in the record. */
  readonly pages: number | undefined;
  readonly mostBytes: number;
  /** Writes them as runs, unless they are in pages; returns the position after them. */
  write(target: Buffer, start: number): number;
}

/** The record to be encoded, with its entries as runs. */
export type InflightRunsContent = Omit<InflightRecord, 'entries' | 'received' | 'receivedPages'> & {
  readonly received: ReceivedContent | undefined;
  readonly runs: InflightRuns;
};

function requireAtMost(name: string, value: number, maximum: number): void {
  if (value > maximum)
    throw new RangeError(`in-flight record: ${name} ${value} is over ${maximum}`);
}

/** As many as it can be. */
function mostBytes({ received, runs, queueNames }: InflightRunsContent): number {
  requireAtMost('number of received identifiers', received?.size ?? 0, MAX_U16);
  requireAtMost('number of entries', runs.count, MAX_U16);
  requireAtMost('number of queues', queueNames.length, MAX_U24);
  let bytes = HEADER_BYTES + PLACE_BYTES + PAGES_BYTES + runs.mostBytes;
  bytes += received?.mostBytes ?? 0;
  for (const name of queueNames) bytes += NAME_BYTES + name.length * MOST_CHARACTER_BYTES;
  return bytes;
}

function writeU16(target: Buffer, value: number, at: number): void {
  target[at] = value >>> 8;
  target[at + 1] = value;
}

function writeHeader(target: Buffer, record: InflightRunsContent): number {
  const { received, runs, queueNames, place } = record;
  target[0] = place === undefined ? INFLIGHT_RECORD_VERSION : LANE_RECORD_VERSION;
  target[1] = received?.pages === undefined ? 0 : IN_PAGES;
  writeU16(target, record.nextPacketId, 2);
  writeU16(target, received?.size ?? 0, 4);
  writeU16(target, runs.count, 6);
  target[8] = queueNames.length >>> 16;
  writeU16(target, queueNames.length, 9);
  target[11] = 0;
  if (place === undefined) return HEADER_BYTES;
  const at = writeU48(target, place.sessionCreatedAt, HEADER_BYTES);
  return writeU48(target, place.nextSlot, at);
}

/**
 * Writes the record in one allocation of its own size. Values are trusted to be in range, but for the counts.
 * @throws RangeError for a count that the format cannot hold, which is a mistake of the caller
 */
export function encodeInflightRuns(record: InflightRunsContent): Buffer {
  const { received, runs, queueNames } = record;
  const pages = received?.pages;
  const most = mostBytes(record);
  const target = most <= scratch.length ? scratch : Buffer.allocUnsafeSlow(most);
  let at = writeHeader(target, record);
  if (pages !== undefined) at = target.writeUInt32BE(pages >>> 0, at);
  else if (received !== undefined) at = received.write(target, at);
  at = runs.write(target, at);
  for (const name of queueNames) {
    at = writeVarint(target, Buffer.byteLength(name), at);
    at += target.write(name, at);
  }
  const value = Buffer.allocUnsafe(at);
  copyBytes(target, 0, at, value, 0);
  return value;
}

/** The same of a record with entries, which need not be many. */
export function encodeInflightRecord(record: InflightRecord): Buffer {
  const { entries, received, receivedPages, ...rest } = record;
  const { packetIds, states, qos, queueIndexes, offsets, count } = entries;
  requireAtMost('number of entries', count, MAX_U16);
  const runs = new InflightRuns();
  for (let i = 0; i < count; i++) {
    const kind = kindOf(states[i] as number, qos[i] as number);
    runs.add(packetIds[i] as number, kind, queueIndexes[i] as number, offsets[i] as number, 1);
  }
  const content = {
    size: receivedPages?.count ?? received.size,
    pages: receivedPages?.pages,
    mostBytes: received.size * MOST_RECEIVED_BYTES,
    write: (target: Buffer, start: number) => writeReceived(target, received, start),
  };
  return encodeInflightRuns({ received: content, runs, ...rest });
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
  for (let i = 0; i < count; i++) received.add(reader.packetId());
  if (received.size !== count) throw reader.corrupt('received packet identifier twice');
  return received;
}

function readEntries(reader: StateReader, count: number, queueCount: number): InflightEntries {
  const entries = noEntries();
  entries.count = count;
  for (let i = 0; i < count; i++) {
    entries.packetIds.push(reader.packetId());
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
    span += packetIdStep(packetIds[i] as number, packetIds[i + 1] ?? nextPacketId);
    if (span > PACKET_IDS)
      throw reader.corrupt('entries are not in the order of their identifiers');
  }
}

/** @throws StoreError STORE_CORRUPT naming the client, for anything but what `encodeInflightRecord` writes */
export function decodeInflightRecord(value: Buffer, clientId: string): InflightRecord {
  const reader = new StateReader(value, 'in-flight record', clientId);
  const version = reader.expectVersion(
    FIRST_VERSION,
    FIRST_LANE_VERSION,
    INFLIGHT_RECORD_VERSION,
    LANE_RECORD_VERSION,
  );
  const isOld = version <= FIRST_LANE_VERSION;
  const inPages = reader.u8();
  if (inPages > (isOld ? 0 : IN_PAGES)) throw reader.corrupt('reserved byte is set');
  const nextPacketId = reader.packetId();
  const receivedCount = reader.u16();
  const entryCount = reader.u16();
  const queueCount = reader.u24();
  if (reader.u8() !== 0) throw reader.corrupt('reserved byte is set');
  const isLane = version === FIRST_LANE_VERSION || version === LANE_RECORD_VERSION;
  const place = isLane ? readPlace(reader, nextPacketId) : undefined;
  if (isOld) {
    reader.expect(1, receivedCount * 2 + entryCount * ENTRY_BYTES + queueCount * NAME_BYTES);
  }
  const receivedPages = inPages === 0 ? undefined : { count: receivedCount, pages: reader.u32() };
  const listed = receivedPages === undefined ? receivedCount : 0;
  const received = (isOld ? readReceived : readReceivedRuns)(reader, listed);
  const entries = (isOld ? readEntries : readRuns)(reader, entryCount, queueCount);
  checkSendOrder(reader, entries, nextPacketId);
  reader.expect(queueCount, isOld ? NAME_BYTES : 1);
  const queueNames: string[] = [];
  for (let i = 0; i < queueCount; i++) {
    queueNames.push(reader.text(isOld ? reader.u32() : reader.varint()));
  }
  reader.expectEnd();
  return {
    nextPacketId,
    received,
    ...(receivedPages === undefined ? {} : { receivedPages }),
    queueNames,
    entries,
    ...(place === undefined ? {} : { place }),
  };
}

/** Whether two records of one lane say the same, but for how far the identifiers have come in others. */
export function sayTheSame(a: Buffer, b: Buffer): boolean {
  if (a.length !== b.length || a[0] !== b[0]) return false;
  if (a[0] !== LANE_RECORD_VERSION && a[0] !== FIRST_LANE_VERSION) return a.equals(b);
  const start = HEADER_BYTES + PLACE_BYTES;
  return (
    a.compare(b, 4, HEADER_BYTES + 6, 4, HEADER_BYTES + 6) === 0 &&
    a.compare(b, start, b.length, start, a.length) === 0
  );
}
