import { expect } from 'chai';
import fc from 'fast-check';
import type { Lane } from '../../../../src/lmq/spi/lane.ts';
import { noEntries } from '../../../../src/gateway/session/inflight-entries.ts';
import {
  decodeInflightRecord,
  encodeInflightRecord,
} from '../../../../src/gateway/session/inflight-record.ts';
import { DeliveryState, InflightWindow } from '../../../../src/gateway/session/inflight-window.ts';
import { ReceivedIds } from '../../../../src/gateway/session/received-ids.ts';
import { joinWindows } from '../../../../src/gateway/session/saved-window.ts';
import type { Session, SessionCursor } from '../../../../src/gateway/session/session.ts';
import { encodeWindow, encodeWindows } from '../../../../src/gateway/session/window-record.ts';

/** A cursor as far as a record has something of it. */
function cursorOf(name: string, lane: Lane, shareKey?: string): SessionCursor {
  return { queue: { name, lane }, shareKey } as unknown as SessionCursor;
}

/** The last two are of one queue: the subscription was made again while its messages were in flight. */
const CURSORS = [
  cursorOf('ta', 0),
  cursorOf('tb', 1),
  cursorOf('fc/+', 2, '$share/g/c/+'),
  cursorOf('td', 1),
  cursorOf('td', 1),
] as const;

interface Step {
  readonly cursor: number;
  readonly count: number;
  readonly skipped: number;
  readonly qos: number;
  readonly state: DeliveryState;
}

interface Window {
  readonly first: number;
  readonly steps: readonly Step[];
  /** Slots from the head. */
  readonly completed: readonly number[];
  readonly received: readonly number[];
}

const step: fc.Arbitrary<Step> = fc.record({
  cursor: fc.nat(CURSORS.length - 1),
  count: fc.integer({ min: 1, max: 20 }),
  skipped: fc.constantFrom(0, 0, 0, 1, 7),
  qos: fc.constantFrom(1, 2),
  state: fc.constantFrom(DeliveryState.ASSIGNED, DeliveryState.SENT, DeliveryState.RELEASED),
});
const windows: fc.Arbitrary<Window> = fc.record({
  first: fc.constantFrom(1, 2, 65_500, 65_535),
  steps: fc.array(step, { maxLength: 15 }),
  completed: fc.array(fc.nat(400), { maxLength: 40 }),
  received: fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { maxLength: 5 }),
});

function sessionOf({ first, steps, completed, received }: Window, isSpread: boolean): Session {
  const inflight = new InflightWindow<SessionCursor>(1000, first);
  const offsets = new Map<string, number>();
  for (const { cursor: index, count, skipped, qos, state } of steps) {
    const cursor = CURSORS[index]!;
    let offset = (offsets.get(cursor.queue.name) ?? 100) + skipped;
    const allowed = qos === 1 ? DeliveryState.SENT : state;
    for (let i = 0; i < count; i++) inflight.add(cursor, offset++, qos, allowed, undefined);
    offsets.set(cursor.queue.name, offset);
  }
  for (const which of completed) {
    const slot = inflight.head + which;
    if (slot < inflight.tail && inflight.state(slot) !== DeliveryState.DONE)
      inflight.complete(slot);
  }
  const lanes = new ReceivedIds();
  // A session in one store has all of them in the first.
  for (const id of received) lanes.add(id, isSpread ? id % 3 : 0);
  return { clientId: 'c', createdAt: 7, inflight, received: lanes } as unknown as Session;
}

/** The record of what `takes` of a window, entry by entry. */
function plainly(
  session: Session,
  ids: readonly number[],
  takes: (lane: Lane) => boolean,
  isPart: boolean,
): Buffer {
  const { inflight, received, createdAt } = session;
  const entries = noEntries();
  const queueNames: string[] = [];
  for (const slot of inflight.incomplete()) {
    const { queue, shareKey } = inflight.cursor(slot);
    if (!takes(queue.lane)) continue;
    const name = shareKey ?? queue.name;
    if (!queueNames.includes(name)) queueNames.push(name);
    entries.packetIds.push(inflight.packetId(slot));
    entries.states.push(inflight.state(slot) === DeliveryState.RELEASED ? 2 : 1);
    entries.qos.push(inflight.qos(slot));
    entries.queueIndexes.push(queueNames.indexOf(name));
    entries.offsets.push(inflight.offset(slot));
    entries.count++;
  }
  return encodeInflightRecord({
    nextPacketId: inflight.nextPacketId,
    received: new Set(
      ids
        .toSorted((a, b) => a - b)
        .filter((id) => {
          const lane = received.laneOf(id);
          return lane !== undefined && takes(lane);
        }),
    ),
    queueNames,
    entries,
    ...(isPart ? { place: { sessionCreatedAt: createdAt, nextSlot: inflight.tail } } : {}),
  });
}

describe('gateway: records of windows', () => {
  it('have every message that is not complete, once', () => {
    fc.assert(
      fc.property(windows, (window) => {
        const session = sessionOf(window, false);
        expect(encodeWindow(session)).to.deep.equal(
          plainly(session, window.received, () => true, false),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('have in each store what belongs there', () => {
    fc.assert(
      fc.property(windows, (window) => {
        const session = sessionOf(window, true);
        const records = encodeWindows(session);
        for (const lane of [0, 1, 2]) {
          const expected = plainly(session, window.received, (other) => other === lane, true);
          const { entries, received } = decodeInflightRecord(expected, 'c');
          const isEmpty = entries.count === 0 && received.size === 0;
          expect(records[lane]).to.deep.equal(isEmpty ? undefined : expected);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('are put together to the window that they were made of', () => {
    fc.assert(
      fc.property(windows, (window) => {
        const session = sessionOf(window, true);
        const { inflight } = session;
        const parts = encodeWindows(session).flatMap((record, lane) =>
          record === undefined ? [] : [{ lane, record: decodeInflightRecord(record, 'c') }],
        );
        const { entries } = joinWindows(parts);
        expect(entries.map(({ slot, offset, qos }) => [slot, offset, qos])).to.deep.equal(
          Array.from(inflight.incomplete(), (slot) => [
            slot,
            inflight.offset(slot),
            inflight.qos(slot),
          ]),
        );
      }),
      { numRuns: 200 },
    );
  });
});
