import type { Lane } from '../../lmq/spi/lane.ts';
import { ReceivedSet } from './received-set.ts';

/** Packet identifiers of QoS 2 publishes received and not released [MQTT-4.3.3-2], by the store of their topic. */
export class ReceivedIds {
  /** By lane. Most sessions have the first alone. */
  readonly #sets: (ReceivedSet | undefined)[] = [];

  get size(): number {
    let size = 0;
    for (const set of this.#sets) size += set?.size ?? 0;
    return size;
  }

  /** Lanes that have, or had, some. */
  get lanes(): number {
    return this.#sets.length;
  }

  has(packetId: number): boolean {
    return this.laneOf(packetId) !== undefined;
  }

  laneOf(packetId: number): Lane | undefined {
    const sets = this.#sets;
    for (let lane = 0; lane < sets.length; lane++) {
      if (sets[lane]?.has(packetId) === true) return lane;
    }
    return undefined;
  }

  add(packetId: number, lane: Lane): void {
    (this.#sets[lane] ??= new ReceivedSet()).add(packetId);
  }

  delete(packetId: number): void {
    for (const set of this.#sets) set?.delete(packetId);
  }

  /** Those of one store. */
  in(lane: Lane): ReceivedSet | undefined {
    return this.#sets[lane];
  }

  /** What has been read of one store; of what has two entries the later one counts. */
  load(lane: Lane, set: ReceivedSet): void {
    this.#sets[lane] = set;
  }

  /** The next write is a whole one. */
  touch(): void {
    for (const set of this.#sets) set?.touch();
  }
}
