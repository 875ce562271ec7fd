import { laneBit, type Lane } from '../../lmq/spi/lane.ts';
import type { Spread } from '../../lmq/spi/stores.ts';

/**
 * Stores that were not heard for most of this gateway's lease: they may give what it owns there to other gateways
 * soon, so nothing that relies on it goes on here (docs/adr/0541).
 */
export class SilentStores {
  readonly #spread: Spread;
  /** As bits. */
  #lanes = 0;

  constructor(spread: Spread) {
    this.#spread = spread;
  }

  has(lane: Lane): boolean {
    return (this.#lanes & laneBit(lane)) !== 0;
  }

  /** Whether another gateway may get the client's session soon. */
  hasHomeOf(clientId: string): boolean {
    return this.#lanes !== 0 && this.has(this.#spread.homeOf(clientId));
  }

  add(lane: Lane): void {
    this.#lanes |= laneBit(lane);
  }

  delete(lane: Lane): void {
    this.#lanes &= ~laneBit(lane);
  }
}
