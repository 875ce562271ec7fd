import type { Segment } from '../../lmq/spi/types.ts';

/** Where the delivery of one QoS 1 or 2 message stands. */
export const DeliveryState = {
  /** Has a packet identifier, not sent: its assignment is not durable yet. */
  ASSIGNED: 0,
  /** PUBLISH sent: PUBACK or PUBREC is due. */
  SENT: 1,
  /** PUBREC received: PUBCOMP is due. */
  RELEASED: 2,
  /** Complete. */
  DONE: 3,
} as const;
export type DeliveryState = (typeof DeliveryState)[keyof typeof DeliveryState];

const PACKET_IDS = 65535;
const FIRST_CAPACITY = 16;
/** Shared by all windows that have not been used: replaced, never written. */
const NO_ENTRIES: never[] = [];
const NO_BYTES = new Uint8Array(0);

/**
 * The messages on the way to one client, in the order in which they were sent. Packet identifiers count
 * up from 1 and wrap after 65535; one is not used again while in flight [MQTT-2.3.1-4], because the
 * window never spans more than `maxSpan` of them. Entries are addressed by slot: the count of
 * identifiers given out before it. A ring of arrays, allocated with the first message.
 */
export class InflightWindow<Cursor extends object> {
  /** Most entries at a time; the client may lower it for one connection (receive maximum). */
  limit: number;
  readonly #maxSpan: number;
  /** Slot of the oldest entry that is not DONE, and one past the newest. */
  #head: number;
  #tail: number;
  #unacknowledged = 0;
  #mask = -1;
  #cursors: (Cursor | undefined)[] = NO_ENTRIES;
  #offsets: number[] = NO_ENTRIES;
  #states: Uint8Array = NO_BYTES;
  #qos: Uint8Array = NO_BYTES;
  /** The record, while an entry is ASSIGNED. */
  #segments: (Segment | undefined)[] = NO_ENTRIES;

  /** @param nextPacketId where the identifiers of a resumed session go on */
  constructor(limit: number, nextPacketId = 1) {
    this.limit = limit;
    this.#maxSpan = Math.min(PACKET_IDS, Math.max(1024, limit * 4));
    this.#head = nextPacketId - 1;
    this.#tail = this.#head;
  }

  get head(): number {
    return this.#head;
  }

  get tail(): number {
    return this.#tail;
  }

  /** Messages not complete. */
  get size(): number {
    return this.#unacknowledged;
  }

  get full(): boolean {
    return this.#unacknowledged >= this.limit || this.#tail - this.#head >= this.#maxSpan;
  }

  get nextPacketId(): number {
    return this.packetId(this.#tail);
  }

  packetId(slot: number): number {
    return (slot % PACKET_IDS) + 1;
  }

  /** Adds an entry and returns its slot; the caller has seen that the window is not `full`. */
  add(
    cursor: Cursor,
    offset: number,
    qos: number,
    state: DeliveryState,
    segment: Segment | undefined,
  ): number {
    if (this.#tail - this.#head > this.#mask) this.#grow();
    const slot = this.#tail++;
    const i = slot & this.#mask;
    this.#cursors[i] = cursor;
    this.#offsets[i] = offset;
    this.#states[i] = state;
    this.#qos[i] = qos;
    if (segment !== undefined) this.#segments[i] = segment;
    this.#unacknowledged++;
    return slot;
  }

  /** Adds a hole for an identifier that is complete: used when a saved window is restored. */
  skip(): void {
    if (this.#tail === this.#head) {
      this.#head++;
      this.#tail++;
      return;
    }
    if (this.#tail - this.#head > this.#mask) this.#grow();
    this.#states[this.#tail++ & this.#mask] = DeliveryState.DONE;
  }

  /** Slot of a packet identifier in flight, or -1. */
  find(packetId: number): number {
    const head = this.#head;
    const slot = head + ((packetId - 1 - (head % PACKET_IDS) + PACKET_IDS) % PACKET_IDS);
    return slot < this.#tail && this.#states[slot & this.#mask] !== DeliveryState.DONE ? slot : -1;
  }

  state(slot: number): DeliveryState {
    return this.#states[slot & this.#mask] as DeliveryState;
  }

  setState(slot: number, state: DeliveryState): void {
    this.#states[slot & this.#mask] = state;
  }

  qos(slot: number): number {
    return this.#qos[slot & this.#mask] as number;
  }

  offset(slot: number): number {
    return this.#offsets[slot & this.#mask] as number;
  }

  cursor(slot: number): Cursor {
    return this.#cursors[slot & this.#mask] as Cursor;
  }

  segment(slot: number): Segment | undefined {
    return this.#segments[slot & this.#mask];
  }

  /** Keeps the record of an entry that is about to be sent again. */
  keepSegment(slot: number, segment: Segment): void {
    this.#segments[slot & this.#mask] = segment;
  }

  clearSegment(slot: number): void {
    this.#segments[slot & this.#mask] = undefined;
  }

  /** Completes an entry and moves the head over everything that is complete. */
  complete(slot: number): void {
    const i = slot & this.#mask;
    this.#states[i] = DeliveryState.DONE;
    this.#cursors[i] = undefined;
    if (this.#segments.length > 0) this.#segments[i] = undefined;
    this.#unacknowledged--;
    if (slot !== this.#head) return;
    let head = slot + 1;
    while (head < this.#tail && this.#states[head & this.#mask] === DeliveryState.DONE) head++;
    this.#head = head;
  }

  /**
   * One past the entries that follow the one in `slot` in everything: state, QoS, cursor, neighbouring offsets.
   * Complete ones follow each other whatever they were.
   */
  endOfRun(slot: number): number {
    const mask = this.#mask;
    const tail = this.#tail;
    const states = this.#states;
    const state = states[slot & mask];
    let end = slot + 1;
    if (state === DeliveryState.DONE) {
      while (end < tail && states[end & mask] === state) end++;
      return end;
    }
    const offsets = this.#offsets;
    const cursors = this.#cursors;
    const qos = this.#qos[slot & mask];
    const cursor = cursors[slot & mask];
    const step = (offsets[slot & mask] as number) - slot;
    for (; end < tail; end++) {
      const i = end & mask;
      if (states[i] !== state || offsets[i] !== end + step) break;
      if (cursors[i] !== cursor || this.#qos[i] !== qos) break;
    }
    return end;
  }

  /** Slots of the incomplete entries, in order; each may be completed when it has been given. */
  *incomplete(): Generator<number> {
    for (let slot = this.#head; slot < this.#tail; slot++) {
      if (this.state(slot) !== DeliveryState.DONE) yield slot;
    }
  }

  /** Incomplete entries before `slot`. */
  countBefore(slot: number): number {
    let count = 0;
    for (let at = this.#head; at < slot; at++) {
      if (this.state(at) !== DeliveryState.DONE) count++;
    }
    return count;
  }

  /** Whether an incomplete entry belongs to the cursor. */
  holds(cursor: Cursor): boolean {
    for (let slot = this.#head; slot < this.#tail; slot++) {
      if (this.#cursors[slot & this.#mask] === cursor && this.state(slot) !== DeliveryState.DONE) {
        return true;
      }
    }
    return false;
  }

  #grow(): void {
    const oldMask = this.#mask;
    const capacity = oldMask < 0 ? FIRST_CAPACITY : (oldMask + 1) * 2;
    const mask = capacity - 1;
    const cursors = new Array<Cursor | undefined>(capacity).fill(undefined);
    const offsets = new Array<number>(capacity).fill(0);
    const segments = new Array<Segment | undefined>(capacity).fill(undefined);
    const states = new Uint8Array(capacity);
    const qos = new Uint8Array(capacity);
    for (let slot = this.#head; slot < this.#tail; slot++) {
      const from = slot & oldMask;
      const to = slot & mask;
      cursors[to] = this.#cursors[from];
      offsets[to] = this.#offsets[from] as number;
      segments[to] = this.#segments[from];
      states[to] = this.#states[from] as number;
      qos[to] = this.#qos[from] as number;
    }
    this.#mask = mask;
    this.#cursors = cursors;
    this.#offsets = offsets;
    this.#segments = segments;
    this.#states = states;
    this.#qos = qos;
  }
}
