import { ErrorCode, LmqttError } from '../../common/errors.ts';
import type { Batch, StoreFailure, TopicNumber, Write } from '../../rpc/messages/store-v1.ts';
import type { LmqStore } from '../spi/lmq-store.ts';
import { recordLength } from '../spi/record.ts';
import type { StateSpace } from '../spi/types.ts';
import { type Queue } from '../spi/types.ts';
import { checkBatch, checkedName } from './batch-check.ts';
import type { ClaimTable } from './claim-table.ts';
import type { CommitLedger } from './commit-ledger.ts';
import type { FilterUses } from './filter-uses.ts';
import { NodeProtocolError } from './node-protocol-error.ts';
import type { NodeTable } from './node-table.ts';
import type { OpenQueues } from './open-queues.ts';
import type { NodeTopic, ServerNode } from './server-node.ts';
import type { StateWatch } from './state-watch.ts';
import type { StoreServerCounters } from './store-server-stats.ts';

export interface BatchParts {
  readonly store: LmqStore;
  readonly ledger: CommitLedger;
  readonly nodes: NodeTable;
  readonly claims: ClaimTable;
  readonly queues: OpenQueues;
  readonly filters: FilterUses;
  readonly watch: StateWatch;
  readonly counters: StoreServerCounters;
  readonly maxTopicsPerNode: number;
}

export function failureOf(error: unknown): StoreFailure {
  if (error instanceof LmqttError) return { code: error.code, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  return { code: ErrorCode.STORE_UNAVAILABLE, message };
}

/** Writes the batches of nodes to the store: each in one turn, so in one commit, and once. */
export class BatchApplier {
  readonly #parts: BatchParts;

  constructor(parts: BatchParts) {
    this.#parts = parts;
  }

  /** @throws NodeProtocolError before anything is written */
  apply(node: ServerNode, batch: Batch): void {
    for (const topic of batch.topics) this.#defineTopic(node, topic);
    if (batch.sequence <= node.appliedSequence) {
      this.#repeat(node, batch);
      return;
    }
    const { store, ledger, nodes, queues, filters, counters } = this.#parts;
    checkBatch(batch, node, (id) => queues.find(node, id) !== undefined);
    filters.checkRoom(node, batch.writes);
    const released: string[] = [];
    this.#write(node, batch, released);
    counters.batches++;
    counters.records += batch.topicNumbers.length >>> 2;
    const { sequence } = batch;
    node.appliedSequence = sequence;
    nodes.save(node);
    ledger.whenOver(store.openCommit, (error) => {
      this.#settle(node, sequence, released, error);
    });
  }

  #settle(
    node: ServerNode,
    sequence: number,
    released: readonly string[],
    error: Error | undefined,
  ): void {
    node.outbox?.settled(sequence, error === undefined ? undefined : failureOf(error));
    if (error !== undefined) return;
    node.settledSequence = sequence;
    for (const key of released) this.#parts.claims.finishRelease(node, key);
  }

  /** Nothing is written again. What the node has given up with the batch, it has given up. */
  #repeat(node: ServerNode, batch: Batch): void {
    const { claims, store, ledger } = this.#parts;
    const released: string[] = [];
    for (const { releaseClaim } of batch.writes) {
      if (releaseClaim !== undefined && claims.beginRelease(node, releaseClaim)) {
        released.push(releaseClaim);
      }
    }
    if (released.length > 0) {
      ledger.whenOver(store.openCommit, (error) => {
        if (error === undefined) for (const key of released) claims.finishRelease(node, key);
      });
    }
    // what is applied and not durable is answered when it is
    if (batch.sequence <= node.settledSequence) {
      node.outbox?.settled(node.settledSequence, undefined);
    }
  }

  #defineTopic(node: ServerNode, { number, name, directQueue }: TopicNumber): void {
    const { store, queues, maxTopicsPerNode } = this.#parts;
    checkedName(name);
    if (!node.topics.has(number) && node.topics.size >= maxTopicsPerNode) {
      throw new NodeProtocolError(`more than ${String(maxTopicsPerNode)} topic numbers`);
    }
    const topic =
      directQueue === 0
        ? store.topic(name)
        : store.directTopic(name, this.#queue(queues, node, directQueue));
    node.topics.set(number, { topic, bytes: topic.bytes.length });
  }

  #queue(queues: OpenQueues, node: ServerNode, id: number): Queue {
    const open = queues.find(node, id);
    if (open === undefined) throw new NodeProtocolError(`queue ${String(id)} is not open`);
    return open.queue;
  }

  #write(node: ServerNode, batch: Batch, released: string[]): void {
    const { store } = this.#parts;
    const { records, topicNumbers, writes } = batch;
    const { topics, origin } = node;
    const count = topicNumbers.length >>> 2;
    let nextWrite = 0;
    let before = writes.length > 0 ? (writes[0] as Write).beforeRecord : count;
    let number = -1;
    let topic: NodeTopic | undefined;
    let at = 0;
    for (let i = 0; i < count; i++) {
      if (before <= i) {
        nextWrite = this.#writeUpTo(node, writes, nextWrite, i, released);
        before = nextWrite < writes.length ? (writes[nextWrite] as Write).beforeRecord : count;
      }
      const next = topicNumbers.readUInt32LE(i << 2);
      if (next !== number) topic = topics.get((number = next));
      store.appendRecord((topic as NodeTopic).topic, records, at, origin);
      at += recordLength(records, at);
    }
    this.#writeUpTo(node, writes, nextWrite, count, released);
  }

  /** Writes what comes before the record of this index; returns the index of the first write that does not. */
  #writeUpTo(
    node: ServerNode,
    writes: readonly Write[],
    from: number,
    record: number,
    released: string[],
  ): number {
    let i = from;
    for (; i < writes.length && (writes[i] as Write).beforeRecord <= record; i++) {
      this.#writeOne(node, writes[i] as Write, released);
    }
    return i;
  }

  #writeOne(node: ServerNode, write: Write, released: string[]): void {
    const { store, filters, claims, queues } = this.#parts;
    if (write.putState !== undefined) {
      const { space, key, value } = write.putState;
      this.#putState(node, space as StateSpace, key, value);
    } else if (write.deleteState !== undefined) {
      const { space, key } = write.deleteState;
      this.#putState(node, space as StateSpace, key, undefined);
    } else if (write.commitOffset !== undefined) {
      const { consumer, queue, offset } = write.commitOffset;
      store.commitOffset(consumer, this.#queue(queues, node, queue), offset);
    } else if (write.deleteOffset !== undefined) {
      const { consumer, queue } = write.deleteOffset;
      store.deleteOffset(consumer, this.#queue(queues, node, queue));
    } else if (write.acquireFilter !== undefined) {
      filters.acquire(node, write.acquireFilter.filter, write.acquireFilter.durable);
    } else if (write.releaseFilter !== undefined) {
      filters.release(node, write.releaseFilter.filter, write.releaseFilter.durable);
    } else if (write.pinFilter !== undefined) {
      store.pinFilter(write.pinFilter);
    } else if (write.unpinFilter !== undefined) {
      store.unpinFilter(write.unpinFilter);
    } else if (write.releaseClaim !== undefined) {
      if (claims.beginRelease(node, write.releaseClaim)) released.push(write.releaseClaim);
    }
  }

  #putState(node: ServerNode, space: StateSpace, key: string, value: Buffer | undefined): void {
    const { store, watch } = this.#parts;
    if (value === undefined) store.deleteState(space, key);
    else store.putState(space, key, value);
    watch.changed(node, space, key, value);
  }
}
