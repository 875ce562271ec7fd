import { ErrorCode, StoreError } from '../../common/errors.ts';
import { isWildcardFilter } from '../../common/topic/topic-filter.ts';
import type { StoreStats } from '../spi/lmq-store.ts';
import type { MessageHead } from '../spi/message-head.ts';
import { type OpenedFor, withOffset } from '../spi/open-for.ts';
import { filterQueueName } from '../spi/queue-name.ts';
import type {
  Arrival,
  CommitListener,
  CommitNumber,
  PullResult,
  Queue,
  QueueName,
  QueueOffset,
  Segment,
  StateSpace,
  StoreTopic,
} from '../spi/types.ts';
import { leave } from './farewell.ts';
import type { RemoteStoreOptions } from './remote-options.ts';
import { RemoteNode } from './remote-node.ts';
import type { RemoteParts } from './remote-parts.ts';
import { RemoteQueue } from './remote-queue.ts';
import type { RemoteStore } from './remote-store.ts';
import { RemoteTopic } from './remote-topic.ts';
import type { StoreDialer } from './store-link.ts';

/**
 * The store SPI over one stream of frames (docs/adr/0401): its parts behind the interface. Final after
 * `stop` and when it is fenced.
 */
export class StoreClient implements RemoteStore {
  readonly #options: RemoteStoreOptions;
  readonly #node: RemoteNode;
  readonly #parts: RemoteParts;
  #stopped: Promise<void> | undefined;
  #isPatient = false;

  constructor(options: RemoteStoreOptions, dial: StoreDialer) {
    this.#options = options;
    this.#node = new RemoteNode(options, dial);
    this.#parts = this.#node.parts;
  }

  async start(): Promise<void> {
    this.#parts.requests.start();
    try {
      await this.#node.attachment.start();
      await this.#parts.filters.load(() => this.#isPatient);
    } catch (error) {
      this.#node.end(new StoreError(ErrorCode.STORE_CLOSED, 'the store was not reached'));
      throw error;
    }
  }

  keepTrying(): void {
    this.#isPatient = true;
    this.#node.attachment.keepTrying();
  }

  stop(): Promise<void> {
    return (this.#stopped ??= leave(this.#node, this.#options));
  }

  get nodeId(): string {
    return this.#node.nodeId;
  }

  get origin(): number {
    return this.#node.origin;
  }

  get openCommit(): CommitNumber {
    return this.#parts.commits.openCommit;
  }

  get backlogBytes(): number {
    return this.#parts.commits.backlogBytes;
  }

  get writable(): boolean {
    return this.#node.writable;
  }

  get isSettled(): boolean {
    return this.#parts.commits.isSettled;
  }

  suspend(): void {
    this.#node.suspend();
  }

  resume(): void {
    this.#node.resume();
  }

  get stats(): StoreStats {
    return this.#node.stats;
  }

  topic(name: string): StoreTopic {
    return this.#parts.topics.get(name);
  }

  directTopic(name: string, queue: Queue): StoreTopic {
    return new RemoteTopic(name, this.#queue(queue).wireId, this.#parts.numbers.lane);
  }

  append(
    topic: StoreTopic,
    head: MessageHead,
    payload: Buffer,
    payloadStart: number,
    payloadEnd: number,
  ): CommitNumber {
    this.#parts.writer.append(RemoteTopic.of(topic), head, payload, payloadStart, payloadEnd);
    return this.#parts.commits.openCommit;
  }

  /** The store fills in this node's own origin. */
  appendRecord(topic: StoreTopic, record: Buffer, start: number): CommitNumber {
    this.#parts.writer.appendRecord(RemoteTopic.of(topic), record, start);
    return this.openCommit;
  }

  onCommit(listener: CommitListener): void {
    this.#parts.outcomes.onCommit(listener);
  }

  onArrival(listener: (arrivals: readonly Arrival[]) => void): void {
    this.#node.onArrival(listener);
  }

  onWritable(listener: () => void): void {
    this.#node.onWritable(listener);
  }

  committed(commit: CommitNumber): Promise<void> {
    return this.#parts.commits.committed(commit);
  }

  openQueue(name: QueueName): Promise<Queue> {
    return this.#parts.queues.open(name);
  }

  async openQueueFor(consumer: string, name: QueueName): Promise<OpenedFor> {
    const { queue, offset } = await this.#parts.queues.openFor(name, consumer);
    return offset === null ? withOffset(this, consumer, queue) : { queue, offset: offset.offset };
  }

  closeQueue(queue: Queue): void {
    this.#parts.queues.close(this.#queue(queue));
  }

  tail(queue: Queue, offset: QueueOffset): Segment | undefined {
    return this.#parts.queues.tail(this.#queue(queue), offset);
  }

  pull(
    queue: Queue,
    offset: QueueOffset,
    maxMessages: number,
    maxBytes: number,
  ): Promise<PullResult> {
    return this.#parts.queues.pull(this.#queue(queue), offset, maxMessages, maxBytes);
  }

  commitOffset(consumer: string, queue: Queue, offset: QueueOffset): CommitNumber {
    this.#parts.offsets.commit(consumer, this.#queue(queue), offset);
    return this.openCommit;
  }

  loadOffset(consumer: string, queue: Queue): Promise<QueueOffset | undefined> {
    return this.#parts.offsets.load(consumer, this.#queue(queue));
  }

  deleteOffset(consumer: string, queue: Queue): CommitNumber {
    this.#parts.offsets.delete(consumer, this.#queue(queue));
    return this.openCommit;
  }

  putState(space: StateSpace, key: string, value: Buffer): CommitNumber {
    this.#parts.states.put(space, key, value);
    return this.openCommit;
  }

  deleteState(space: StateSpace, key: string): CommitNumber {
    this.#parts.states.delete(space, key);
    return this.openCommit;
  }

  getState(space: StateSpace, key: string): Promise<Buffer | undefined> {
    return this.#parts.states.get(space, key);
  }

  scanState(
    space: StateSpace,
    after?: string,
  ): AsyncIterable<{ readonly key: string; readonly value: Buffer }> {
    return this.#parts.states.scan(space, after);
  }

  async acquireFilter(filter: string, durable: boolean): Promise<Queue> {
    const { filters, queues } = this.#parts;
    filters.acquire(filter, durable);
    try {
      return await queues.open(filterQueueName(filter));
    } catch (error) {
      if (isWildcardFilter(filter)) filters.release(filter, durable);
      throw error;
    }
  }

  releaseFilter(filter: string, durable: boolean): CommitNumber {
    this.#parts.filters.release(filter, durable);
    return this.openCommit;
  }

  pinFilter(filter: string): CommitNumber {
    this.#parts.filters.pin(filter);
    return this.openCommit;
  }

  unpinFilter(filter: string): CommitNumber {
    this.#parts.filters.unpin(filter);
    return this.openCommit;
  }

  listFilters(): readonly { filter: string; pinned: boolean; uses: number }[] {
    return this.#parts.filters.list();
  }

  claim(key: string): Promise<void> {
    return this.#parts.claims.claim(key);
  }

  claimIfFree(key: string): Promise<boolean> {
    return this.#parts.claims.claimIfFree(key);
  }

  claimWith<Found>(key: string, read: () => Promise<Found>): Promise<Found> {
    return this.#parts.claims.claimWith(key, read);
  }

  release(key: string): void {
    this.#parts.claims.release(key);
  }

  onRevoked(listener: (key: string) => void): void {
    this.#parts.claims.onRevoked(listener);
  }

  onOrphans(listener: (keys: readonly string[]) => Promise<void>): void {
    this.#parts.orphans.onOrphans(listener);
  }

  watchState(
    space: StateSpace,
    listener: (key: string, value: Buffer | undefined) => void,
  ): Promise<void> {
    return this.#parts.states.watch(space, listener);
  }

  onFenced(listener: (reason: string) => void): void {
    this.#node.onFenced(listener);
  }

  onSilent(listener: (isSilent: boolean) => void): void {
    this.#node.onSilent(listener);
  }

  tellGenerations(): void {
    this.#node.attachment.beatNow();
  }

  get leastGeneration(): number | undefined {
    return this.#node.leastGeneration;
  }

  get isAttached(): boolean {
    return this.#node.attachment.isAttached;
  }

  #queue(handle: Queue): RemoteQueue {
    return RemoteQueue.of(handle, this.#parts.numbers.lane);
  }
}
