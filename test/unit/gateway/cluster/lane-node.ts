import type { LaneStore } from '../../../../src/lmq/spi/lane-store.ts';
import { commitBase, type Lane } from '../../../../src/lmq/spi/lane.ts';
import type { LmqStore, StoreStats } from '../../../../src/lmq/spi/lmq-store.ts';
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
} from '../../../../src/lmq/spi/types.ts';
import type { StoreNode } from './shared-store.ts';

const MAX_LANES = 16;

/** A queue of a store in memory, as one of a lane. */
class LaneQueue implements Queue {
  readonly base: Queue;
  readonly lane: Lane;

  constructor(base: Queue, lane: Lane) {
    this.base = base;
    this.lane = lane;
  }

  get id(): number {
    return this.base.id * MAX_LANES + this.lane;
  }

  get name(): QueueName {
    return this.base.name;
  }

  get minOffset(): QueueOffset {
    return this.base.minOffset;
  }

  get maxOffset(): QueueOffset {
    return this.base.maxOffset;
  }

  get nextOffset(): QueueOffset {
    return this.base.nextOffset;
  }
}

interface LaneTopic extends StoreTopic {
  readonly base: StoreTopic;
}

/** One gateway's view of a store in memory that is one of several. */
export class LaneNode implements LaneStore {
  readonly node: StoreNode;
  readonly lane: Lane;
  readonly #store: LmqStore;
  readonly #queues = new WeakMap<Queue, LaneQueue>();
  readonly #topics = new WeakMap<StoreTopic, LaneTopic>();
  #isSuspended = false;
  /** Has its store say that a gateway sends by an old table still. */
  leastGeneration: number | undefined = undefined;
  /** As one that is away: publishers wait. */
  isAway = false;
  #onWritable: (() => void)[] = [];

  constructor(node: StoreNode, lane: Lane) {
    this.node = node;
    this.lane = lane;
    this.#store = node.store;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  get nodeId(): string {
    return `${this.node.nodeId}-of-${String(this.lane)}`;
  }

  /** Differs from lane to lane. */
  get origin(): number {
    return this.node.origin;
  }

  get isAttached(): boolean {
    return !this.isAway;
  }

  get isSettled(): boolean {
    return this.#store.backlogBytes === 0;
  }

  keepTrying(): void {
    // It is there.
  }

  tellGenerations(): void {
    // A test says it.
  }

  suspend(): void {
    this.#isSuspended = true;
  }

  resume(): void {
    this.#isSuspended = false;
    for (const listener of this.#onWritable) listener();
  }

  get openCommit(): CommitNumber {
    return this.#commit(this.#store.openCommit);
  }

  get backlogBytes(): number {
    return this.#store.backlogBytes;
  }

  get writable(): boolean {
    return !this.#isSuspended && !this.isAway && this.#store.writable;
  }

  get stats(): StoreStats {
    return this.#store.stats;
  }

  topic(name: string): StoreTopic {
    return this.#topic(this.#store.topic(name));
  }

  directTopic(name: string, queue: Queue): StoreTopic {
    return this.#topic(this.#store.directTopic(name, this.#base(queue)));
  }

  append(topic: StoreTopic, ...rest: Rest<LmqStore['append']>): CommitNumber {
    return this.#commit(this.#store.append(this.#baseTopic(topic), ...rest));
  }

  appendRecord(topic: StoreTopic, ...rest: Rest<LmqStore['appendRecord']>): CommitNumber {
    return this.#commit(this.#store.appendRecord(this.#baseTopic(topic), ...rest));
  }

  onCommit(listener: CommitListener): void {
    this.#store.onCommit((commit, error) => {
      listener(this.#commit(commit), error);
    });
  }

  onArrival(listener: (arrivals: readonly Arrival[]) => void): void {
    this.#store.onArrival((arrivals) => {
      listener(arrivals.map((arrival) => ({ ...arrival, queue: this.#queue(arrival.queue) })));
    });
  }

  onWritable(listener: () => void): void {
    this.#onWritable.push(listener);
    this.#store.onWritable(listener);
  }

  committed(commit: CommitNumber): Promise<void> {
    return this.#store.committed(commit - commitBase(this.lane));
  }

  async openQueue(name: QueueName): Promise<Queue> {
    return this.#queue(await this.#store.openQueue(name));
  }

  closeQueue(queue: Queue): void {
    this.#store.closeQueue(this.#base(queue));
  }

  tail(queue: Queue, offset: QueueOffset): Segment | undefined {
    return this.#store.tail(this.#base(queue), offset);
  }

  pull(queue: Queue, ...rest: Rest<LmqStore['pull']>): Promise<PullResult> {
    return this.#store.pull(this.#base(queue), ...rest);
  }

  commitOffset(consumer: string, queue: Queue, offset: QueueOffset): CommitNumber {
    return this.#commit(this.#store.commitOffset(consumer, this.#base(queue), offset));
  }

  loadOffset(consumer: string, queue: Queue): Promise<QueueOffset | undefined> {
    return this.#store.loadOffset(consumer, this.#base(queue));
  }

  deleteOffset(consumer: string, queue: Queue): CommitNumber {
    return this.#commit(this.#store.deleteOffset(consumer, this.#base(queue)));
  }

  putState(space: StateSpace, key: string, value: Buffer): CommitNumber {
    return this.#commit(this.#store.putState(space, key, value));
  }

  deleteState(space: StateSpace, key: string): CommitNumber {
    return this.#commit(this.#store.deleteState(space, key));
  }

  getState(space: StateSpace, key: string): Promise<Buffer | undefined> {
    return this.#store.getState(space, key);
  }

  scanState(
    space: StateSpace,
    after?: string,
  ): AsyncIterable<{ readonly key: string; readonly value: Buffer }> {
    return this.#store.scanState(space, after);
  }

  async acquireFilter(filter: string, durable: boolean): Promise<Queue> {
    return this.#queue(await this.#store.acquireFilter(filter, durable));
  }

  releaseFilter(filter: string, durable: boolean): CommitNumber {
    return this.#commit(this.#store.releaseFilter(filter, durable));
  }

  pinFilter(filter: string): CommitNumber {
    return this.#commit(this.#store.pinFilter(filter));
  }

  unpinFilter(filter: string): CommitNumber {
    return this.#commit(this.#store.unpinFilter(filter));
  }

  listFilters(): ReturnType<LmqStore['listFilters']> {
    return this.#store.listFilters();
  }

  claim(key: string): Promise<void> {
    return this.node.claim(key);
  }

  claimIfFree(key: string): Promise<boolean> {
    return this.node.claimIfFree(key);
  }

  claimWith<Found>(key: string, read: () => Promise<Found>): Promise<Found> {
    return this.node.claimWith(key, read);
  }

  release(key: string): void {
    this.node.release(key);
  }

  onRevoked(listener: (key: string) => void): void {
    this.node.onRevoked(listener);
  }

  onOrphans(listener: (keys: readonly string[]) => Promise<void>): void {
    this.node.onOrphans(listener);
  }

  watchState(
    space: StateSpace,
    listener: (key: string, value: Buffer | undefined) => void,
  ): Promise<void> {
    return this.node.watchState(space, listener);
  }

  onSilent(listener: (isSilent: boolean) => void): void {
    this.node.onSilent(listener);
  }

  onFenced(): void {
    // Nobody is fenced here.
  }

  #commit(commit: CommitNumber): CommitNumber {
    return commitBase(this.lane) + commit;
  }

  #queue(base: Queue): LaneQueue {
    const queue = this.#queues.get(base) ?? new LaneQueue(base, this.lane);
    this.#queues.set(base, queue);
    return queue;
  }

  #base(queue: Queue): Queue {
    if (queue instanceof LaneQueue && queue.lane === this.lane) return queue.base;
    throw new TypeError(`queue ${queue.name} is of lane ${String(queue.lane)}`);
  }

  #topic(base: StoreTopic): LaneTopic {
    const { name, bytes } = base;
    const topic = this.#topics.get(base) ?? { name, bytes, lane: this.lane, width: 1, base };
    this.#topics.set(base, topic);
    return topic;
  }

  #baseTopic(topic: StoreTopic): StoreTopic {
    if ('base' in topic && topic.lane === this.lane) return (topic as LaneTopic).base;
    throw new TypeError(`topic ${topic.name} is of lane ${String(topic.lane)}`);
  }
}

type Rest<Method extends (first: never, ...rest: never[]) => unknown> =
  Parameters<Method> extends [unknown, ...infer Others] ? Others : never;
