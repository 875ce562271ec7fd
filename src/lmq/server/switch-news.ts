import { NO_GENERATION } from '../../common/store-table.ts';
import type { NodeTable } from './node-table.ts';
import type { ServerNode } from './server-node.ts';

/**
 * Tells nodes by which generation of the table of stores messages come here at least (docs/adr/0621): when that is the
 * newest one, nothing more comes of topics that have moved to other stores.
 */
export class SwitchNews {
  readonly #nodes: NodeTable;
  #told: number = NO_GENERATION;

  constructor(nodes: NodeTable) {
    this.#nodes = nodes;
  }

  /** A node has been welcomed: nothing of what the store answers comes before this. */
  welcomed({ outbox }: ServerNode): void {
    this.look();
    outbox?.leastGeneration(this.#told);
  }

  /** A node has come, has gone, or sends by another generation. */
  look(): void {
    const least = this.#nodes.leastGeneration;
    if (least === this.#told || least === Infinity) return;
    this.#told = least;
    for (const { outbox } of this.#nodes.all) outbox?.leastGeneration(least);
  }
}
