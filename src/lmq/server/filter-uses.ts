import { isWildcardFilter } from '../../common/topic/topic-filter.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { Write } from '../../rpc/messages/store-v1.ts';
import type { LmqStore } from '../spi/lmq-store.ts';
import { NodeProtocolError } from './node-protocol-error.ts';
import type { ServerNode } from './server-node.ts';

/**
 * Uses of filters by nodes. Durable ones are counted by the store, one by one. Of the others a node has
 * one or none, whoever has it there: they go with the node.
 */
export class FilterUses {
  readonly #store: Pick<LmqStore, 'acquireFilter' | 'releaseFilter' | 'closeQueue'>;
  readonly #maxFiltersPerNode: number;
  readonly #logger: Logger;

  constructor(
    store: Pick<LmqStore, 'acquireFilter' | 'releaseFilter' | 'closeQueue'>,
    maxFiltersPerNode: number,
    logger: Logger,
  ) {
    this.#store = store;
    this.#maxFiltersPerNode = maxFiltersPerNode;
    this.#logger = logger;
  }

  /** @throws NodeProtocolError when the node would use too many in the course of a batch */
  checkRoom(node: ServerNode, writes: readonly Write[]): void {
    if (node.filters.size + writes.length <= this.#maxFiltersPerNode) return;
    let size = node.filters.size;
    for (const { acquireFilter } of writes) if (acquireFilter?.durable === false) size++;
    if (size <= this.#maxFiltersPerNode) return;
    const limit = String(this.#maxFiltersPerNode);
    throw new NodeProtocolError(`the node uses more than ${limit} filters`);
  }

  acquire(node: ServerNode, filter: string, durable: boolean): void {
    if (!isWildcardFilter(filter)) return;
    if (!durable) {
      if (node.filters.has(filter)) return;
      node.filters.add(filter);
    }
    // registered when the call returns; the queue is opened by a request of the node
    this.#store.acquireFilter(filter, durable).then(
      (queue) => {
        this.#store.closeQueue(queue);
      },
      (error: unknown) => {
        if (!durable) node.filters.delete(filter);
        this.#logger.error({ filter, error: messageOf(error) }, 'a filter cannot be registered');
      },
    );
  }

  release(node: ServerNode, filter: string, durable: boolean): void {
    if (!isWildcardFilter(filter)) return;
    if (durable || node.filters.delete(filter)) this.#store.releaseFilter(filter, durable);
  }

  /** Makes the node's uses those that it names. */
  set(node: ServerNode, filters: Iterable<string>): void {
    const named = new Set(filters);
    for (const filter of named) this.acquire(node, filter, false);
    for (const filter of [...node.filters]) {
      if (!named.has(filter)) this.release(node, filter, false);
    }
  }

  /** The node is dead. */
  drop(node: ServerNode): void {
    this.set(node, []);
  }
}
