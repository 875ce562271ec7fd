import { expect } from 'chai';
import type { InflightRecord } from '../../../../src/gateway/session/inflight-record.ts';
import { joinWindows } from '../../../../src/gateway/session/saved-window.ts';

const PACKET_IDS = 65_535;

/** A record of the given slots, written when the identifiers were at `next`. */
function recordOf(slots: readonly number[], next: number, received: number[] = []): InflightRecord {
  const id = (slot: number): number => (slot % PACKET_IDS) + 1;
  return {
    nextPacketId: id(next),
    received: new Set(received),
    queueNames: ['q'],
    entries: {
      packetIds: slots.map(id),
      states: slots.map(() => 1),
      qos: slots.map(() => 2),
      queueIndexes: slots.map(() => 0),
      offsets: slots.map((slot) => slot * 10),
      count: slots.length,
    },
    place: { sessionCreatedAt: 1, nextSlot: next },
  };
}

function slotsOf(...records: readonly InflightRecord[]): number[] {
  return joinWindows(records.map((record, lane) => ({ lane, record }))).entries.map(
    ({ slot }) => slot,
  );
}

describe('gateway: joinWindows', () => {
  it('brings the messages of several stores into the order in which they were sent', () => {
    const { entries, nextSlot } = joinWindows([
      { lane: 0, record: recordOf([3, 7], 8) },
      { lane: 2, record: recordOf([5, 9], 12) },
    ]);
    expect(entries.map(({ slot, lane, offset }) => [slot, lane, offset])).to.deep.equal([
      [3, 0, 30],
      [5, 2, 50],
      [7, 0, 70],
      [9, 2, 90],
    ]);
    expect(nextSlot).to.equal(12);
  });

  it('does so when the identifiers have begun again between them', () => {
    expect(
      slotsOf(recordOf([PACKET_IDS - 2], PACKET_IDS), recordOf([PACKET_IDS + 1], PACKET_IDS + 2)),
    ).to.deep.equal([PACKET_IDS - 2, PACKET_IDS + 1]);
  });

  it('leaves out what is complete, because its identifier has been given again since', () => {
    const stale = recordOf([4, 100], 101);
    expect(slotsOf(stale, recordOf([], PACKET_IDS + 4))).to.deep.equal([4, 100]);
    expect(slotsOf(stale, recordOf([PACKET_IDS + 4], PACKET_IDS + 5))).to.deep.equal([
      100,
      PACKET_IDS + 4,
    ]);
  });

  it('knows which store has the publish with an identifier', () => {
    const { received } = joinWindows([
      { lane: 0, record: recordOf([], 0, [5]) },
      { lane: 1, record: recordOf([], 0, [6, 7]) },
    ]);
    expect([4, 5, 6, 7].map((id) => received.laneOf(id))).to.deep.equal([undefined, 0, 1, 1]);
    expect(received.size).to.equal(3);
  });

  it('of one record is what it says, also of one of before there were several', () => {
    const {
      nextPacketId,
      received,
      queueNames,
      entries: saved,
    } = recordOf([PACKET_IDS - 1, PACKET_IDS + 3], PACKET_IDS + 4);
    const old = { nextPacketId, received, queueNames, entries: saved };
    const { entries, nextSlot } = joinWindows([{ lane: 0, record: old }]);
    expect(entries.map(({ slot }) => slot)).to.deep.equal([PACKET_IDS - 1, PACKET_IDS + 3]);
    expect(nextSlot).to.equal(PACKET_IDS + 4);
    expect(joinWindows([])).to.deep.include({ entries: [], nextSlot: 0 });
  });
});
