import { ErrorCode, StoreError } from '../../common/errors.ts';
import type {
  Pull,
  Reply,
  Request,
  ScanState,
  StateEntry,
  StoreFailure,
} from '../../rpc/messages/store-v1.ts';
import type { LmqStore } from '../spi/lmq-store.ts';
import type { QueueName } from '../spi/types.ts';
import { failureOf } from './batch-applier.ts';
import { checkedName, checkedSpace } from './batch-check.ts';
import type { ClaimTable } from './claim-table.ts';
import type { CommitLedger } from './commit-ledger.ts';
import { NodeProtocolError } from './node-protocol-error.ts';
import { boundsOf, type OpenQueue, type OpenQueues } from './open-queues.ts';
import type { OrphanQueue } from './orphan-queue.ts';
import type { Outbox } from './outbox.ts';
import { pullReply } from './pull-reply.ts';
import type { ServerNode } from './server-node.ts';
import type { StateWatch } from './state-watch.ts';

const MAX_REPLY_BYTES = 1 << 20;
const MAX_PULLED_MESSAGES = 10_000;
const MAX_SCAN_ENTRIES = 1_000;
/** Pulls and scans of one node that read at once. */
const READS_AT_ONCE = 4;

export interface RequestParts {
  readonly store: LmqStore;
  readonly ledger: CommitLedger;
  readonly claims: ClaimTable;
  readonly queues: OpenQueues;
  readonly orphans: OrphanQueue;
  readonly watch: StateWatch;
  readonly maxRequestsPerNode: number;
  readonly maxClaimsPerNode: number;
  /** The node ends of its own accord; `done` when that is durable. */
  readonly goodbye: (node: ServerNode, done: () => void) => void;
}

type Answer = Omit<Reply, 'id' | 'reply'>;

/** Answers the requests of one node on one stream. What is not answered when the stream ends never is. */
export class RequestHandler {
  readonly #parts: RequestParts;
  readonly #node: ServerNode;
  readonly #outbox: Outbox;
  /** Pulls and scans that wait for their turn, oldest first. */
  #reads: (() => Promise<void>)[] = [];
  #nextRead = 0;
  #reading = 0;
  #unanswered = 0;

  constructor(parts: RequestParts, node: ServerNode, outbox: Outbox) {
    this.#parts = parts;
    this.#node = node;
    this.#outbox = outbox;
  }

  /** @throws NodeProtocolError for what the protocol does not know */
  handle(request: Request): void {
    if (request.closeQueue !== undefined) {
      this.#parts.queues.close(this.#node, request.closeQueue);
      return;
    }
    const { id } = request;
    if (this.#unanswered >= this.#parts.maxRequestsPerNode) {
      const message = `${String(this.#unanswered)} requests of the node are not answered yet`;
      this.#outbox.reply({ id, error: limitReached(message) });
      return;
    }
    this.#unanswered++;
    this.#start(id, request);
  }

  /** The stream has room again. */
  drained(): void {
    while (this.#reading < READS_AT_ONCE && !this.#outbox.isCongested) {
      const read = this.#reads[this.#nextRead++];
      if (read === undefined) {
        this.#forgetReads();
        return;
      }
      this.#reading++;
      void read().finally(() => {
        this.#reading--;
        this.drained();
      });
    }
  }

  /** The stream is over. */
  close(): void {
    this.#forgetReads();
  }

  #forgetReads(): void {
    this.#reads = [];
    this.#nextRead = 0;
  }

  #start(id: number, request: Request): void {
    const { store } = this.#parts;
    if (request.openQueue !== undefined) {
      const name = checkedName(request.openQueue) as QueueName;
      const { consumer } = request;
      void this.#run(id, () => this.#openQueue(name, consumer));
    } else if (request.pull !== undefined) {
      const { pull } = request;
      this.#read(id, () => this.#pull(pull));
    } else if (request.loadOffset !== undefined) {
      const { consumer, queue } = request.loadOffset;
      void this.#run(id, async () => {
        const offset = await store.loadOffset(consumer, this.#open(queue).queue);
        return { offset: { offset } };
      });
    } else if (request.getState !== undefined) {
      const space = checkedSpace(request.getState.space);
      const { key } = request.getState;
      void this.#run(id, async () => ({ state: { value: await store.getState(space, key) } }));
    } else if (request.scanState !== undefined) {
      const { scanState } = request;
      this.#read(id, () => this.#scan(scanState));
    } else if (request.listFilters !== undefined) {
      this.#answer(id, { filters: { filters: [...store.listFilters()] } });
    } else {
      this.#startRare(id, request);
    }
  }

  #startRare(id: number, request: Request): void {
    const { claims, orphans, store, ledger, watch, goodbye } = this.#parts;
    if (request.claim !== undefined) {
      const { key, onlyIfFree } = request.claim;
      if (this.#node.claims >= this.#parts.maxClaimsPerNode) {
        this.#answer(id, {
          error: limitReached(`the node has ${String(this.#node.claims)} claims`),
        });
        return;
      }
      claims.claim(this.#node, checkedName(key), onlyIfFree, (claimed) => {
        this.#answer(id, { claimed });
      });
    } else if (request.watchSpace !== undefined) {
      watch.watch(this.#node, checkedSpace(request.watchSpace));
      // what was written before is seen by a scan, once it is durable; what comes now is told
      ledger.afterOpenCommit(store, (error) => {
        this.#answer(id, error === undefined ? { done: {} } : { error: failureOf(error) });
      });
    } else if (request.orphansDone !== undefined) {
      orphans.done(this.#node);
      this.#answer(id, { done: {} });
    } else if (request.goodbye !== undefined) {
      goodbye(this.#node, () => {
        this.#answer(id, { done: {} });
      });
    } else {
      throw new NodeProtocolError('an unknown request');
    }
  }

  /** A request whose answer may be large: not while more is on its way than there should be. */
  #read(id: number, read: () => Promise<Answer>): void {
    this.#reads.push(() => this.#run(id, read));
    this.drained();
  }

  async #run(id: number, produce: () => Promise<Answer>): Promise<void> {
    let answer: Answer;
    try {
      answer = await produce();
    } catch (error) {
      answer = { error: failureOf(error) };
    }
    this.#answer(id, answer);
  }

  #answer(id: number, answer: Answer): void {
    this.#unanswered--;
    this.#outbox.reply({ id, ...answer }, bytesOf(answer));
  }

  #open(id: number): OpenQueue {
    const open = this.#parts.queues.find(this.#node, id);
    if (open !== undefined) return open;
    throw new StoreError(ErrorCode.STORE_UNAVAILABLE, `queue ${String(id)} is not open`);
  }

  async #openQueue(name: QueueName, consumer: string | undefined): Promise<Answer> {
    const { queues, store } = this.#parts;
    const { queue } = await queues.open(this.#node, name);
    if (consumer === undefined) return { queue: boundsOf(queue) };
    const offset = await store.loadOffset(consumer, queue);
    // As of now: the node knows the queue from this answer on.
    return { queue: boundsOf(queue), consumerOffset: { offset } };
  }

  async #pull({ queue: id, offset, maxMessages, maxBytes }: Pull): Promise<Answer> {
    const { queue } = this.#open(id);
    const messages = Math.max(1, Math.min(maxMessages, MAX_PULLED_MESSAGES));
    const bytes = Math.max(1, Math.min(maxBytes, MAX_REPLY_BYTES));
    const result = await this.#parts.store.pull(queue, offset, messages, bytes);
    return { pull: pullReply(queue, offset, messages, bytes, result).reply };
  }

  async #scan({ space, after, fromStart, limit }: ScanState): Promise<Answer> {
    const { store } = this.#parts;
    const checked = checkedSpace(space);
    // it shows what is durable: everything that the node has sent before is to be in it
    await store.committed(store.openCommit);
    const entries: StateEntry[] = [];
    let bytes = 0;
    const wanted = Math.max(1, Math.min(limit, MAX_SCAN_ENTRIES));
    for await (const entry of store.scanState(checked, fromStart ? undefined : after)) {
      if (entries.length === wanted || bytes >= MAX_REPLY_BYTES) {
        return { scan: { entries, more: true } };
      }
      entries.push(entry);
      bytes += entry.key.length + entry.value.length;
    }
    return { scan: { entries, more: false } };
  }
}

function limitReached(message: string): StoreFailure {
  return failureOf(new StoreError(ErrorCode.STORE_LIMIT, message));
}

function bytesOf({ pull, scan, state, filters }: Answer): number {
  if (pull !== undefined) return pull.runs.reduce((sum, run) => sum + run.records.length, 0);
  if (scan !== undefined) {
    return scan.entries.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  }
  if (filters !== undefined)
    return filters.filters.reduce((sum, f) => sum + f.filter.length + 8, 0);
  return state?.value?.length ?? 0;
}
