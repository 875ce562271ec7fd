import type { Lane } from '../spi/lane.ts';

/** Stores that were away when the gateway started, and what waits for them to be taken in. */
export class LateLanes {
  readonly #lanes = new Map<
    Lane,
    { readonly joined: Promise<void>; readonly resolve: () => void }
  >();

  add(lane: Lane): void {
    let resolve: () => void = () => undefined;
    const joined = new Promise<void>((done) => {
      resolve = done;
    });
    this.#lanes.set(lane, { joined, resolve });
  }

  has(lane: Lane): boolean {
    return this.#lanes.has(lane);
  }

  /** It has been taken in. */
  joined(lane: Lane): void {
    const late = this.#lanes.get(lane);
    this.#lanes.delete(lane);
    late?.resolve();
  }

  /** Nothing is waited for any more: the gateway stops. */
  end(): void {
    for (const { resolve } of this.#lanes.values()) resolve();
  }

  /** Undefined when none of the lanes is late; else resolves when all have been taken in. */
  whenJoined(lanes: readonly Lane[]): Promise<void> | undefined {
    if (this.#lanes.size === 0) return undefined;
    const waiting = lanes.flatMap((lane) => this.#lanes.get(lane)?.joined ?? []);
    return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => undefined);
  }
}
