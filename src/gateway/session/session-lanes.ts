import { type Lane, laneBit } from '../../lmq/spi/lane.ts';
import type { Spread, Stores } from '../../lmq/spi/stores.ts';
import type { CommitNumber } from '../../lmq/spi/types.ts';
import type { InflightWindow } from './inflight-window.ts';

/** What one store has of a session. */
interface SavedState {
  /** Its in-flight record as written last; undefined when there is none. */
  record: Buffer | undefined;
  /** The commit of the last write; 0 = none. */
  commit: CommitNumber;
  /** Slots of the window below are durably assigned as far as this store has them. */
  durableSlot: number;
}

const NO_RECORD: Buffer = Buffer.alloc(0);

/** What is saved of a persistent session in each of several stores: each has what belongs to its queues and topics. */
export class SessionLanes {
  /** Keeps the session record, and the peer queue. */
  readonly home: Lane;
  readonly #spread: Spread;
  readonly #states: (SavedState | undefined)[] = [];
  /** Lanes that are looked into for it wherever it subscribes, as bits: durable in its record. */
  #listed: number;
  /** The same with those that are on their way into the record. */
  #listing: number;
  /** Lanes whose record is to be written although it may be what it was, as bits. */
  #touched = 0;
  /** Stores that it has taken in: what it subscribes is heard from these. */
  known: number;
  /** The first slot that was passed over because its store has not confirmed it yet; -1 = none. */
  passedSlot = -1;

  constructor(spread: Spread, clientId: string) {
    this.#spread = spread;
    this.home = spread.homeOf(clientId);
    this.known = spread.lanes;
    this.#listed = laneBit(this.home);
    this.#listing = this.#listed;
  }

  /** For the session's record. */
  get listing(): number {
    return this.#listing;
  }

  /** Those of some lanes that are not in the session's record, all as bits. */
  unlistedOf(lanes: number): number {
    const all = laneBit(this.#spread.lanes) - 1;
    return lanes & all & ~this.#listed;
  }

  /** It was found there: stays in the record, which is written before anything else happens. */
  listAgain(lanes: number): void {
    this.#listing |= lanes;
    this.#listed |= lanes;
  }

  /** The lanes are in the session's record from its next write on. */
  willList(lanes: number): void {
    this.#listing |= lanes;
  }

  /** That is durable. */
  list(lanes: number): void {
    this.#listed |= lanes;
  }

  /** The record of the lane goes with the next save, whatever is in it: something waits for that commit. */
  touch(lane: Lane): void {
    this.#touched |= laneBit(lane);
  }

  isTouched(lane: Lane): boolean {
    return (this.#touched & laneBit(lane)) !== 0;
  }

  /** All lanes are saved. */
  untouch(): void {
    this.#touched = 0;
  }

  /** Lanes that have, or had, something of it. */
  get count(): number {
    return this.#states.length;
  }

  recordOf(lane: Lane): Buffer | undefined {
    return this.#states[lane]?.record;
  }

  /** A lane has, or may have, a record; `undefined`: one that is not known. */
  found(lane: Lane, record: Buffer | undefined): void {
    this.#state(lane).record = record ?? NO_RECORD;
  }

  /** The lane's record has been written, or deleted, in a commit. */
  recorded(lane: Lane, record: Buffer | undefined, commit: CommitNumber): void {
    const state = this.#state(lane);
    state.record = record;
    state.commit = commit;
  }

  /** Something else of it has been written in a commit of the lane. */
  wrote(lane: Lane, commit: CommitNumber): void {
    this.#state(lane).commit = commit;
  }

  /** The last commit of each lane with something of it. */
  *commits(): Generator<CommitNumber> {
    for (const state of this.#states)
      if (state !== undefined && state.commit > 0) yield state.commit;
  }

  /** What the lane has of the window is durable up to a slot. */
  assigned(lane: Lane, slot: number): void {
    const state = this.#state(lane);
    if (slot > state.durableSlot) state.durableSlot = slot;
  }

  isAssigned(lane: Lane, slot: number): boolean {
    return slot < (this.#states[lane]?.durableSlot ?? 0);
  }

  #state(lane: Lane): SavedState {
    return (this.#states[lane] ??= { record: undefined, commit: 0, durableSlot: 0 });
  }
}

/** Undefined where there is one store. */
export function lanesFor({ spread }: Stores, clientId: string): SessionLanes | undefined {
  return spread.lanes === 1 ? undefined : new SessionLanes(spread, clientId);
}

/** A session as far as it takes to know whether a message of it may be sent. */
interface Assigning<Cursor extends object> {
  readonly durableSlot: number;
  readonly lanes: SessionLanes | undefined;
  readonly inflight: InflightWindow<Cursor>;
}

/** Whether the identifier in a slot is durable. */
export function isAssigned<Cursor extends { readonly queue: { readonly lane: Lane } }>(
  { durableSlot, lanes, inflight }: Assigning<Cursor>,
  slot: number,
): boolean {
  if (slot < durableSlot) return true;
  return lanes?.isAssigned(inflight.cursor(slot).queue.lane, slot) === true;
}
