import { ErrorCode, StoreError } from '../../common/errors.ts';
import type { QueueBounds } from '../../rpc/messages/store-v1.ts';
import type { LmqStore } from '../spi/lmq-store.ts';
import type { Queue, QueueName } from '../spi/types.ts';
import type { ServerNode } from './server-node.ts';

/** A queue that a node has open. The nodes that have the same one open are a list. */
export class OpenQueue {
  readonly queue: Queue;
  readonly node: ServerNode;
  next: OpenQueue | undefined;
  /** First offset that the node was told. */
  toldMinimum: number;

  constructor(queue: Queue, node: ServerNode, next: OpenQueue | undefined) {
    this.queue = queue;
    this.node = node;
    this.next = next;
    this.toldMinimum = queue.minOffset;
  }
}

export function boundsOf(queue: Queue): QueueBounds {
  const { id, name, minOffset, maxOffset, nextOffset } = queue;
  return { id, name, minOffset, maxOffset, nextOffset };
}

/** The queues that nodes have open: once for each node, whoever uses them there. */
export class OpenQueues {
  readonly #store: Pick<LmqStore, 'openQueue' | 'closeQueue'>;
  readonly #maxQueuesPerNode: number;
  readonly #byId = new Map<number, OpenQueue>();
  #size = 0;

  constructor(store: Pick<LmqStore, 'openQueue' | 'closeQueue'>, maxQueuesPerNode: number) {
    this.#store = store;
    this.#maxQueuesPerNode = maxQueuesPerNode;
  }

  /** Each queue counted for each node that has it open. */
  get size(): number {
    return this.#size;
  }

  /** The first of the nodes that have a queue open; the others follow by `next`. */
  first(id: number): OpenQueue | undefined {
    return this.#byId.get(id);
  }

  find(node: ServerNode, id: number): OpenQueue | undefined {
    let open = this.#byId.get(id);
    while (open !== undefined && open.node !== node) open = open.next;
    return open;
  }

  /**
   * Opens a queue for a node, or finds it open.
   * @throws StoreError (rejection) when the node has too many, or has died meanwhile
   */
  async open(node: ServerNode, name: QueueName): Promise<OpenQueue> {
    if (node.openQueues >= this.#maxQueuesPerNode) {
      const limit = String(this.#maxQueuesPerNode);
      throw new StoreError(ErrorCode.STORE_LIMIT, `the node has ${limit} queues open`);
    }
    const queue = await this.#store.openQueue(name);
    const known = this.find(node, queue.id);
    if (known !== undefined || node.isDead) this.#store.closeQueue(queue);
    if (known !== undefined) return known;
    if (node.isDead) throw new StoreError(ErrorCode.STORE_CLOSED, 'the node is dead');
    const open = new OpenQueue(queue, node, this.#byId.get(queue.id));
    this.#byId.set(queue.id, open);
    this.#size++;
    node.openQueues++;
    return open;
  }

  /** A queue that is not open is as the node wants it. */
  close(node: ServerNode, id: number): void {
    const open = this.find(node, id);
    if (open !== undefined) this.#drop(open);
  }

  /** Closes what a node has open, but for some. */
  closeAll(node: ServerNode, except?: ReadonlySet<OpenQueue>): void {
    for (const open of this.ofNode(node)) if (except?.has(open) !== true) this.#drop(open);
  }

  ofNode(node: ServerNode): OpenQueue[] {
    const found: OpenQueue[] = [];
    for (const first of this.#byId.values()) {
      for (let open: OpenQueue | undefined = first; open !== undefined; open = open.next) {
        if (open.node === node) found.push(open);
      }
    }
    return found;
  }

  #drop(open: OpenQueue): void {
    const { queue } = open;
    const first = this.#byId.get(queue.id);
    if (first === open) {
      if (open.next === undefined) this.#byId.delete(queue.id);
      else this.#byId.set(queue.id, open.next);
    } else {
      let before = first;
      while (before !== undefined && before.next !== open) before = before.next;
      if (before !== undefined) before.next = open.next;
    }
    this.#size--;
    open.node.openQueues--;
    this.#store.closeQueue(queue);
  }
}
