import { expect } from 'chai';
import fc from 'fast-check';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { decodeInflightRecord } from '../../../../src/gateway/session/inflight-record.ts';
import type { InflightRecord } from '../../../../src/gateway/session/inflight-record.ts';

export const PACKET_IDS = 65_535;

export interface Entry {
  readonly step: number;
  readonly stateAndQos: readonly [number, number];
  readonly queue: number;
  readonly offset: number;
}

/** Builds a record whose identifiers count up from `first` in steps. */
export function recordOf(
  first: number,
  steps: readonly Entry[],
  names: string[],
  received: number[],
): InflightRecord {
  let packetId = first;
  const packetIds = steps.map(({ step }) => {
    const current = packetId;
    packetId = ((packetId - 1 + step) % PACKET_IDS) + 1;
    return current;
  });
  return {
    nextPacketId: packetId,
    received: new Set(received),
    queueNames: names,
    entries: {
      packetIds,
      states: steps.map(({ stateAndQos }) => stateAndQos[0]),
      qos: steps.map(({ stateAndQos }) => stateAndQos[1]),
      queueIndexes: steps.map(({ queue }) => queue % names.length),
      offsets: steps.map(({ offset }) => offset),
      count: steps.length,
    },
  };
}

const packetId = fc.integer({ min: 1, max: PACKET_IDS });

const entry: fc.Arbitrary<Entry> = fc.record({
  step: fc.integer({ min: 1, max: 1000 }),
  stateAndQos: fc.constantFrom([1, 1] as const, [1, 2] as const, [2, 2] as const),
  queue: fc.nat(100),
  offset: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
});

export const records: fc.Arbitrary<InflightRecord> = fc
  .tuple(
    packetId,
    fc.array(entry, { maxLength: 30 }),
    fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 5 }),
    fc.uniqueArray(packetId, { maxLength: 10 }),
  )
  .map((parts) => recordOf(...parts));

export function entryOf(queue: number, offset: number): Entry {
  return { step: 1, stateAndQos: [1, 2], queue, offset };
}

/** As sessions have them: runs of some queues in turn, with gaps in identifiers and offsets, states that change. */
export const windows: fc.Arbitrary<InflightRecord> = fc
  .tuple(
    packetId,
    fc.array(
      fc.record({
        queue: fc.nat(3),
        length: fc.integer({ min: 1, max: 40 }),
        skipped: fc.nat(3),
        stateAndQos: entry.map(({ stateAndQos }) => stateAndQos),
        gap: fc.constantFrom(1, 1, 1, 2, 70),
      }),
      { maxLength: 12 },
    ),
    fc.uniqueArray(fc.integer({ min: 65_500, max: 65_560 }), { maxLength: 40 }),
  )
  .map(([first, runs, received]) => {
    const behind = [1_000, 0, 2 ** 32, 2 ** 40];
    const steps = runs.flatMap(({ queue, length, skipped, stateAndQos, gap }) => {
      const start = behind[queue]! + skipped;
      behind[queue] = start + length;
      return Array.from({ length }, (_, i): Entry => {
        return { step: i === length - 1 ? gap : 1, stateAndQos, queue, offset: start + i };
      });
    });
    const ids = received.map((id) => ((id - 1) % PACKET_IDS) + 1);
    return recordOf(first, steps, ['ta', 'tb', 'tc', '$share/g/d'], ids);
  });

export const example: InflightRecord = recordOf(
  65_535,
  [
    { step: 2, stateAndQos: [2, 2], queue: 1, offset: 0x0102030405 },
    { step: 1, stateAndQos: [1, 1], queue: 0, offset: 9 },
  ],
  ['ta/b', 'fä/+'],
  [7, 0x1234],
);

/** The same as one of several. */
export const ofLane: InflightRecord = {
  ...example,
  place: { sessionCreatedAt: 0x010203040506, nextSlot: 3 * PACKET_IDS + example.nextPacketId - 1 },
};

const NAMES = { first: '74612f62', second: '66c3a42f2b' };

/** Format version 1. */
export const OLD: string =
  '01' +
  '00' +
  '0003' +
  '0002' +
  '0002' +
  '000002' +
  '00' +
  '0007' +
  '1234' +
  'ffff' +
  '22' +
  '000001' +
  '000102030405' +
  '0002' +
  '11' +
  '000000' +
  '000000000009' +
  `00000004${NAMES.first}` +
  `00000005${NAMES.second}`;

export const GOLDEN: string =
  '03' +
  '00' +
  '0003' +
  '0002' +
  '0002' +
  '000002' +
  '00' +
  // 6 skipped; 4652 skipped
  '0c' +
  'd848' +
  'ffff' +
  // PUBREC received, another queue, offset
  '1a' +
  '01' +
  '8a9098a020' +
  // QoS 1, one identifier skipped, another queue, offset
  '1c' +
  '01' +
  '00' +
  '12' +
  `04${NAMES.first}` +
  `05${NAMES.second}`;

/** Writes format versions 1 and 2, as gateways did before there were runs. */
export function oldRecord({
  nextPacketId,
  received,
  queueNames,
  entries,
  place,
}: InflightRecord): Buffer {
  const parts = [Buffer.from([place === undefined ? 1 : 2, 0])];
  const put = (value: number, bytes: number): void => {
    const field = Buffer.alloc(bytes);
    field.writeUIntBE(value, 0, bytes);
    parts.push(field);
  };
  put(nextPacketId, 2);
  put(received.size, 2);
  put(entries.count, 2);
  put(queueNames.length, 3);
  put(0, 1);
  if (place !== undefined) {
    put(place.sessionCreatedAt, 6);
    put(place.nextSlot, 6);
  }
  for (const packetId of received) put(packetId, 2);
  for (let i = 0; i < entries.count; i++) {
    put(entries.packetIds[i]!, 2);
    put((entries.states[i]! << 4) | entries.qos[i]!, 1);
    put(entries.queueIndexes[i]!, 3);
    put(entries.offsets[i]!, 6);
  }
  for (const name of queueNames) {
    put(Buffer.byteLength(name), 4);
    parts.push(Buffer.from(name));
  }
  return Buffer.concat(parts);
}

export function corrupt(value: Buffer): StoreError {
  try {
    decodeInflightRecord(value, 'recv01');
  } catch (error) {
    if (error instanceof StoreError && error.code === ErrorCode.STORE_CORRUPT) return error;
    throw error;
  }
  return expect.fail('decoded');
}
