/** Packet identifiers are 1 to this; then they begin again. */
export const PACKET_IDS = 65_535;

/**
 * Deliveries that are not complete, as parallel arrays, so that reading them makes no object for each.
 * The first `count` elements are valid. In send order: identifiers count up and wrap after 65,535.
 */
export interface InflightEntries {
  packetIds: number[];
  /** 1 = PUBLISH sent, PUBACK or PUBREC awaited; 2 = PUBREC received, PUBCOMP awaited. */
  states: number[];
  /** 1 or 2. */
  qos: number[];
  /** Index in the record's queue names. */
  queueIndexes: number[];
  offsets: number[];
  count: number;
}

export function noEntries(): InflightEntries {
  return { packetIds: [], states: [], qos: [], queueIndexes: [], offsets: [], count: 0 };
}

/** From one identifier to a later one, at least 1. */
export function packetIdStep(from: number, to: number): number {
  return to > from ? to - from : to - from + PACKET_IDS;
}

/** The identifier that comes `steps` after another one. */
export function packetIdAfter(packetId: number, steps: number): number {
  return ((packetId - 1 + steps) % PACKET_IDS) + 1;
}
