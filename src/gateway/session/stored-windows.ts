import { allOf } from '../../common/all-of.ts';
import { type Lane, laneBit } from '../../lmq/spi/lane.ts';
import { filterQueueName } from '../../lmq/spi/queue-name.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import { type QueueName, StateSpace } from '../../lmq/spi/types.ts';
import { parseSharedFilter, topicFilterOf } from '../../common/topic/shared-filter.ts';
import { Cursor, CursorState, sharedCursor } from './cursor.ts';
import { decodeInflightRecord } from './inflight-record.ts';
import { DeliveryState } from './inflight-window.ts';
import type { PartClaims } from './part-claims.ts';
import { deleteReceivedPages, readReceivedPages } from './received-pages.ts';
import { joinWindows, type SavedPart, type SavedWindow } from './saved-window.ts';
import type { Session, SessionCursor } from './session.ts';
import type { SessionRecord } from './session-record.ts';

/** What the stores have in flight of a session. */
export interface SavedState {
  readonly window: SavedWindow;
  /** By lane; those without are not in it. */
  readonly records: ReadonlyMap<Lane, Buffer>;
}

/** What has been read of a session's home. */
export interface HomeState {
  readonly inflight: Buffer | undefined;
}

/** Cursors by lane and by the name that in-flight records know them by. */
type CursorTable = Map<string, SessionCursor>[];

/** What stores have in flight of sessions that are loaded: read, and put back. */
export class StoredWindows {
  readonly #stores: Stores;
  readonly #claims: PartClaims;

  constructor(stores: Stores, claims: PartClaims) {
    this.#stores = stores;
    this.#claims = claims;
  }

  /**
   * Reads the in-flight records of the session's home, of where it subscribes, and of what its record names, each under the
   * claim of its store.
   * @param home what its home has, if that has been read
   */
  async read(record: SessionRecord, home: HomeState | undefined): Promise<SavedState> {
    const { clientId, createdAt } = record;
    const lanes = this.#lanesOf(record);
    const homeLane = this.#stores.spread.homeOf(clientId);
    const values = await allOf(
      lanes.map((lane) =>
        home !== undefined && lane === homeLane
          ? Promise.resolve(home.inflight)
          : this.#claims.readWith(clientId, lane, () =>
              this.#stores.member(lane).getState(StateSpace.INFLIGHT, clientId),
            ),
      ),
    );
    const parts: SavedPart[] = [];
    const records = new Map<Lane, Buffer>();
    for (const [i, value] of values.entries()) {
      if (value === undefined) continue;
      const lane = lanes[i] as Lane;
      records.set(lane, value);
      const part = decodeInflightRecord(value, clientId);
      const { place, receivedPages } = part;
      // What was left of an earlier session of the client.
      if (place !== undefined && place.sessionCreatedAt !== createdAt) {
        if (receivedPages !== undefined) deleteReceivedPages(this.#stores.member(lane), clientId);
        continue;
      }
      if (receivedPages === undefined) {
        parts.push({ lane, record: part });
        continue;
      }
      const { pages, count } = receivedPages;
      const store = this.#stores.member(lane);
      const received = await readReceivedPages(store, clientId, pages, count);
      parts.push({ lane, record: part, received });
    }
    return { window: joinWindows(parts), records };
  }

  #lanesOf({ clientId, subscriptions, lanes: stored }: SessionRecord): readonly Lane[] {
    const { spread } = this.#stores;
    if (spread.lanes === 1) return [0];
    const lanes = new Set<Lane>([spread.homeOf(clientId)]);
    for (const { filter } of subscriptions) {
      for (const lane of spread.lanesOfFilter(topicFilterOf(filter))) lanes.add(lane);
    }
    const listed = stored?.listed ?? 0;
    for (let lane = 0; lane < spread.lanes; lane++) {
      if ((listed & laneBit(lane)) !== 0) lanes.add(lane);
    }
    return [...lanes];
  }

  /** Puts the messages in flight back, under the packet identifiers that the client knows. Its cursors are there. */
  async restore(session: Session, { entries, nextSlot }: SavedWindow): Promise<void> {
    const { inflight } = session;
    const cursors: CursorTable = [];
    for (const cursor of session.cursors()) know(cursors, cursor);
    for (const { slot, lane, queueName, offset, qos, state } of entries) {
      while (inflight.tail < slot) inflight.skip();
      const known = cursors[lane]?.get(queueName);
      const cursor = known ?? (await this.#retiredCursor(session, lane, queueName));
      if (known === undefined) know(cursors, cursor);
      const saved = state === 2 ? DeliveryState.RELEASED : DeliveryState.SENT;
      inflight.add(cursor, offset, qos, saved, undefined);
    }
    while (inflight.tail < nextSlot) inflight.skip();
    session.sendSlot = inflight.head;
    session.durableSlot = inflight.tail;
  }

  /** Unsubscribed while in flight: the delivery is completed all the same. */
  async #retiredCursor(session: Session, lane: Lane, name: string): Promise<SessionCursor> {
    const share = parseSharedFilter(name);
    const queueName = share === undefined ? (name as QueueName) : filterQueueName(share.filter);
    const queue = await this.#stores.member(lane).openQueue(queueName);
    const cursor =
      share === undefined
        ? new Cursor(session, queue, 2, 0)
        : sharedCursor(session, queue, 2, name);
    cursor.state = CursorState.CLOSED;
    session.retired.push(cursor);
    return cursor;
  }
}

function know(cursors: CursorTable, cursor: SessionCursor): void {
  const { queue, shareKey } = cursor;
  (cursors[queue.lane] ??= new Map()).set(shareKey ?? queue.name, cursor);
}
