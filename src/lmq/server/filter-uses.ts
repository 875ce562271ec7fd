import { isWildcardFilter } from '../../common/topic/topic-filter.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { Write } from '../../rpc/messages/store-v1.ts';
import type { LmqStore } from '../spi/lmq-store.ts';
import { StateSpace } from '../spi/types.ts';
import { NodeProtocolError } from './node-protocol-error.ts';
import { nodeFilterKey } from './node-record.ts';
import type { ServerNode } from './server-node.ts';

type FilterStore = Pick<
  LmqStore,
  'acquireFilter' | 'releaseFilter' | 'closeQueue' | 'putState' | 'deleteState'
>;

const NOTHING = Buffer.alloc(0);

/**
 * Uses of filters by nodes. Durable ones are counted by the store, one by one. Of the others a node has
 * one or none, whoever has it there: they go with the node. They are on disk as well: a store that was started
 * again takes messages of the nodes that are back for those that are not yet.
 */
export class FilterUses {
  readonly #store: FilterStore;
  readonly #maxFiltersPerNode: number;
  readonly #logger: Logger;

  constructor(store: FilterStore, maxFiltersPerNode: number, logger: Logger) {
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
      this.#store.putState(StateSpace.NODE, nodeFilterKey(node.number, filter), NOTHING);
    }
    this.#register(node, filter, durable);
  }

  /** Takes over what is on disk. */
  restore(node: ServerNode, filter: string): void {
    this.#register(node, filter, false);
  }

  #register(node: ServerNode, filter: string, durable: boolean): void {
    if (!durable) node.filters.add(filter);
    // registered when the call returns; the queue is opened by a request of the node
    this.#store.acquireFilter(filter, durable).then(
      (queue) => {
        this.#store.closeQueue(queue);
      },
      (error: unknown) => {
        if (!durable) this.#forget(node, filter);
        this.#logger.error({ filter, error: messageOf(error) }, 'a filter cannot be registered');
      },
    );
  }

  release(node: ServerNode, filter: string, durable: boolean): void {
    if (!isWildcardFilter(filter)) return;
    if (durable || this.#forget(node, filter)) this.#store.releaseFilter(filter, durable);
  }

  /** Whether the node used it. */
  #forget(node: ServerNode, filter: string): boolean {
    if (!node.filters.delete(filter)) return false;
    this.#store.deleteState(StateSpace.NODE, nodeFilterKey(node.number, filter));
    return true;
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
