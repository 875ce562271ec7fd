import type { LmqStore } from '../spi/lmq-store.ts';
import { StateSpace } from '../spi/types.ts';
import { encodeMeta, encodeNode, META_KEY, nodeKey } from './node-record.ts';
import { originOf, ServerNode } from './server-node.ts';

/** The living nodes, in memory and on disk. */
export class NodeTable {
  readonly #store: Pick<LmqStore, 'putState' | 'deleteState'>;
  readonly #nodes = new Map<string, ServerNode>();
  #nextNumber = 1;
  #storeId = '';

  constructor(store: Pick<LmqStore, 'putState' | 'deleteState'>) {
    this.#store = store;
  }

  get size(): number {
    return this.#nodes.size;
  }

  get storeId(): string {
    return this.#storeId;
  }

  get all(): IterableIterator<ServerNode> {
    return this.#nodes.values();
  }

  get attached(): number {
    let count = 0;
    for (const node of this.#nodes.values()) if (node.outbox !== undefined) count++;
    return count;
  }

  /** Whether nodes from before the store's start may still come back. */
  get expectsNodes(): boolean {
    for (const node of this.#nodes.values()) if (node.isExpected) return true;
    return false;
  }

  /** The oldest generation by which messages of one of them come. */
  get leastGeneration(): number {
    let least = Infinity;
    for (const { activeGeneration } of this.#nodes.values()) {
      least = Math.min(least, activeGeneration);
    }
    return least;
  }

  get(id: string): ServerNode | undefined {
    return this.#nodes.get(id);
  }

  /** Goes on with the identity on disk. */
  identify(storeId: string, nextNumber: number): void {
    this.#storeId = storeId;
    this.#nextNumber = nextNumber;
  }

  restore(node: ServerNode): void {
    this.#nodes.set(node.id, node);
  }

  /** A new node; it is durable with the open commit. */
  create(id: string, name: string, leaseMs: number, now: number): ServerNode {
    const taken = new Set(Array.from(this.#nodes.values(), ({ origin }) => origin));
    while (taken.has(originOf(this.#nextNumber))) this.#nextNumber++;
    const node = new ServerNode(id, name, this.#nextNumber++, leaseMs, now);
    this.#nodes.set(id, node);
    this.saveIdentity();
    this.save(node);
    return node;
  }

  saveIdentity(): void {
    const meta = encodeMeta({ nextNumber: this.#nextNumber, storeId: this.#storeId });
    this.#store.putState(StateSpace.NODE, META_KEY, meta);
  }

  /** Writes what the disk is to know of a node: with a batch, in its commit. */
  save({ id, number, leaseMs, name, appliedSequence }: ServerNode): void {
    const record = encodeNode({ number, leaseMs, sequence: appliedSequence, name });
    this.#store.putState(StateSpace.NODE, nodeKey(id), record);
  }

  /** From here on the node is unknown; on disk with the open commit. */
  remove(node: ServerNode): void {
    node.isDead = true;
    this.#nodes.delete(node.id);
    this.#store.deleteState(StateSpace.NODE, nodeKey(node.id));
  }
}
