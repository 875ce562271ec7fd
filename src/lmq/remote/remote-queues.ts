import { ErrorCode, StoreError } from '../../common/errors.ts';
import type { OffsetReply, QueueBounds, Reply } from '../../rpc/messages/store-v1.ts';
import {
  PullStatus,
  type Arrival,
  type CommitNumber,
  type PullResult,
  type QueueName,
  type QueueOffset,
  type Segment,
} from '../spi/types.ts';
import type { CommitWindow } from './commit-window.ts';
import { RemoteQueue } from './remote-queue.ts';
import { positionsOfAll, RemoteSegment } from './remote-segment.ts';
import { unexpected, type RequestBody, type RequestTable } from './request-table.ts';
import type { TopicHandles } from './topic-handles.ts';

/** An open queue and what the store has said of a consumer. */
export interface OpenedRemotely {
  readonly queue: RemoteQueue;
  readonly offset: OffsetReply | null;
}

interface Closing {
  readonly name: QueueName;
  /** Batches up to this one may name the queue. */
  readonly after: CommitNumber;
}

/** The queues that this node has open: once at the store, any number of times here. */
export class RemoteQueues {
  readonly #requests: RequestTable;
  readonly #commits: CommitWindow;
  readonly #topics: TopicHandles;
  readonly #byName = new Map<QueueName, RemoteQueue>();
  /** By their ids at the store. */
  readonly #byId = new Map<number, RemoteQueue>();
  /** Opens under way, by name. */
  readonly #opening = new Map<QueueName, number>();
  /** Closed here, while batches that name them may have to be sent again. By id at the store. */
  readonly #closing = new Map<number, Closing>();
  /** Those of the last hello, in its order. */
  #greeted: QueueName[] = [];
  tailHits = 0;
  tailMisses = 0;
  /** How often the store has told a first offset that had moved. */
  minimaMoved = 0;

  constructor(requests: RequestTable, commits: CommitWindow, topics: TopicHandles) {
    this.#requests = requests;
    this.#commits = commits;
    this.#topics = topics;
  }

  get size(): number {
    return this.#byName.size;
  }

  /** @param id at the store */
  byId(id: number): RemoteQueue | undefined {
    return this.#byId.get(id);
  }

  /** The store has told the bounds of a queue, which may have been closed meanwhile. */
  moved(bounds: QueueBounds): void {
    const queue = this.#byId.get(bounds.id);
    if (queue !== undefined) this.#update(queue, bounds);
  }

  /** A handle that is in no table. */
  passing(bounds: QueueBounds): RemoteQueue {
    return new RemoteQueue(bounds, this.#topics);
  }

  /** Asks the store each time, so that the bounds are those after all that was written before. */
  open(name: QueueName): Promise<RemoteQueue> {
    return this.#open(name, { openQueue: name }, (queue) => queue);
  }

  /** The offset of a consumer too; null when the store has not understood that. */
  openFor(name: QueueName, consumer: string): Promise<OpenedRemotely> {
    return this.#open(name, { openQueue: name, consumer }, (queue, { consumerOffset }) => ({
      queue,
      offset: consumerOffset ?? null,
    }));
  }

  async #open<Opened>(
    name: QueueName,
    request: RequestBody,
    take: (queue: RemoteQueue, reply: Reply) => Opened,
  ): Promise<Opened> {
    this.#opening.set(name, (this.#opening.get(name) ?? 0) + 1);
    try {
      return await this.#requests.ask(
        request,
        this.#commits.lastWritten,
        (reply) => {
          const queue = this.#add(reply.queue ?? unexpected(reply));
          queue.uses++;
          return take(queue, reply);
        },
        ({ queue }) => {
          if (queue === undefined) return;
          this.#add(queue);
          this.#closeUnused(name);
        },
      );
    } finally {
      const others = (this.#opening.get(name) ?? 1) - 1;
      if (others > 0) this.#opening.set(name, others);
      else this.#opening.delete(name);
      this.#closeUnused(name);
    }
  }

  close(queue: RemoteQueue): void {
    if (queue.uses === 0) throw new RangeError(`queue ${queue.name} is not open`);
    queue.uses--;
    this.#closeUnused(queue.name);
  }

  tail(queue: RemoteQueue, offset: QueueOffset): Segment | undefined {
    const segment = offset < queue.minOffset ? undefined : queue.tail?.find(offset);
    if (segment === undefined) this.tailMisses++;
    else this.tailHits++;
    return segment;
  }

  pull(
    queue: RemoteQueue,
    offset: QueueOffset,
    maxMessages: number,
    maxBytes: number,
  ): Promise<PullResult> {
    const pull = { queue: queue.wireId, offset, maxMessages, maxBytes };
    return this.#requests.ask({ pull }, 0, (reply) => this.#pulled(queue, reply));
  }

  /** Batches up to `commit` are over. */
  settled(commit: CommitNumber): void {
    for (const [id, { after }] of this.#closing) {
      // In the order of closing, which is that of the batches.
      if (after > commit) return;
      this.#closing.delete(id);
    }
  }

  /** Names for a hello: what is open, and what batches that go again may name. */
  greet(): readonly QueueName[] {
    const open = [...this.#byName.keys()];
    const closing = Array.from(this.#closing.values(), ({ name }) => name);
    this.#greeted = [...open, ...closing.filter((name) => !this.#byName.has(name))];
    return this.#greeted;
  }

  /**
   * The answer to that hello: what has come meanwhile is to be announced.
   * @throws StoreError when the store has less than it had
   */
  welcomed(bounds: readonly QueueBounds[]): Arrival[] {
    const arrivals: Arrival[] = [];
    for (const [index, name] of this.#greeted.entries()) {
      const told = bounds[index];
      const queue = this.#byName.get(name);
      if (queue === undefined) continue;
      if (told?.id !== queue.wireId || told.maxOffset < queue.maxOffset) {
        throw new StoreError(ErrorCode.STORE_FENCED, `the store has lost records of queue ${name}`);
      }
      if (queue.rejoin(told)) this.minimaMoved++;
      const arrival = queue.announce(told.maxOffset, queue.announced);
      if (arrival !== undefined) arrivals.push(arrival);
    }
    for (const [id, { name, after }] of this.#closing) {
      if (this.#byName.has(name) || this.#opening.has(name)) this.#closing.delete(id);
      else this.#requests.tell({ closeQueue: id }, after);
    }
    this.#greeted = [];
    return arrivals;
  }

  #add(bounds: QueueBounds): RemoteQueue {
    const known = this.#byName.get(bounds.name as QueueName);
    if (known !== undefined) {
      this.#update(known, bounds);
      return known;
    }
    const queue = new RemoteQueue(bounds, this.#topics);
    this.#byName.set(queue.name, queue);
    this.#byId.set(queue.wireId, queue);
    return queue;
  }

  #update(queue: RemoteQueue, bounds: QueueBounds): void {
    if (queue.update(bounds)) this.minimaMoved++;
  }

  #closeUnused(name: QueueName): void {
    const queue = this.#byName.get(name);
    if (queue === undefined || queue.uses > 0 || this.#opening.has(name)) return;
    this.#byName.delete(name);
    const { wireId } = queue;
    this.#byId.delete(wireId);
    queue.tail = undefined;
    const after = this.#commits.lastWritten;
    this.#closing.delete(wireId);
    this.#closing.set(wireId, { name, after });
    this.#requests.tell({ closeQueue: wireId }, after);
  }

  #pulled(queue: RemoteQueue, reply: Reply): PullResult {
    const pull = reply.pull ?? unexpected(reply);
    const status = Object.values(PullStatus).find((known) => known === pull.status);
    if (status === undefined) return unexpected(reply);
    if (queue.raise(pull.minOffset)) this.minimaMoved++;
    const segments = pull.runs.map(
      ({ firstOffset, count, records }) =>
        new RemoteSegment(firstOffset, records, positionsOfAll(records, count)),
    );
    return { status, segments, nextOffset: pull.nextOffset };
  }
}
