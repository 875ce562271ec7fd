import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { commitBase, type Lane } from '../../../../src/lmq/spi/lane.ts';
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

/** Queue handle of a store that is one of several: an id that no other store's has. */
class LaneQueue implements Queue {
  readonly id: number;
  readonly name: QueueName;
  readonly lane: Lane;
  readonly inner: Queue;
  /** Its end as it was when its store went away. */
  lastEnd: QueueOffset | undefined;

  constructor(inner: Queue, lane: Lane) {
    this.inner = inner;
    this.lane = lane;
    this.name = inner.name;
    this.id = inner.id * 16 + lane;
  }

  get minOffset(): QueueOffset {
    return this.inner.minOffset;
  }

  get maxOffset(): QueueOffset {
    return this.lastEnd ?? this.inner.maxOffset;
  }

  get nextOffset(): QueueOffset {
    return this.inner.nextOffset;
  }
}

/** Commit of what is lost. */
const NEVER = 2 ** 40;

interface LaneTopic extends StoreTopic {
  readonly inner: StoreTopic;
}

/**
 * A store as one of several. `cutOff` has it lose everything that is written from then on, as a crash does with
 * what was not durable yet; after `end` nothing is heard of it either. `goAway` has its answers and notices
 * wait until `comeBack`.
 */
export class LaneMember implements LmqStore {
  readonly lane: Lane;
  readonly #base: LmqStore;
  readonly #first: CommitNumber;
  readonly #queues = new Map<Queue, LaneQueue>();
  readonly #topics = new Map<string, LaneTopic>();
  /** The last commit that counts. */
  #lastCommit: CommitNumber = Infinity;
  #hasEnded = false;
  #away: Promise<void> | undefined;
  #return: () => void = () => undefined;
  #notices: (() => void)[] = [];

  constructor(base: LmqStore, lane: Lane) {
    this.#base = base;
    this.lane = lane;
    this.#first = commitBase(lane);
  }

  /** What is written is taken, and answered. */
  get isReachable(): boolean {
    return !this.#isCutOff && this.#away === undefined;
  }

  cutOff(): void {
    this.#lastCommit = Math.min(this.#lastCommit, this.#base.openCommit);
  }

  end(): void {
    this.cutOff();
    this.#hasEnded = true;
  }

  goAway(): void {
    this.#away ??= new Promise((resolve) => {
      this.#return = resolve;
    });
    for (const queue of this.#queues.values()) queue.lastEnd ??= queue.inner.maxOffset;
  }

  comeBack(): void {
    this.#away = undefined;
    for (const queue of this.#queues.values()) queue.lastEnd = undefined;
    this.#return();
    const notices = this.#notices;
    this.#notices = [];
    for (const notice of notices) notice();
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  get openCommit(): CommitNumber {
    return this.#isCutOff ? this.#first + NEVER : this.#first + this.#base.openCommit;
  }

  get backlogBytes(): number {
    return this.#base.backlogBytes;
  }

  get writable(): boolean {
    return this.#base.writable;
  }

  get stats(): LmqStore['stats'] {
    return this.#base.stats;
  }

  topic(name: string): StoreTopic {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      const inner = this.#base.topic(name);
      topic = { name, lane: this.lane, bytes: inner.bytes, width: 1, inner };
      this.#topics.set(name, topic);
    }
    return topic;
  }

  directTopic(name: string, queue: Queue): StoreTopic {
    const inner = this.#base.directTopic(name, innerOf(queue));
    return { name, lane: this.lane, bytes: inner.bytes, inner } as LaneTopic;
  }

  append(topic: StoreTopic, ...rest: Tail<Parameters<LmqStore['append']>>): CommitNumber {
    if (topic.lane !== this.lane) throw new TypeError('topic of another lane');
    return this.#write(() => this.#base.append((topic as LaneTopic).inner, ...rest));
  }

  appendRecord(topic: StoreTopic, record: Buffer, start: number, origin: number): CommitNumber {
    return this.#write(() =>
      this.#base.appendRecord((topic as LaneTopic).inner, record, start, origin),
    );
  }

  onCommit(listener: CommitListener): void {
    this.#base.onCommit((commit, error) => {
      this.#notify(() => {
        listener(this.#first + commit, error);
      }, commit);
    });
  }

  onArrival(listener: (arrivals: readonly Arrival[]) => void): void {
    this.#base.onArrival((arrivals) => {
      const wrapped = arrivals.map((one) => ({ ...one, queue: this.#wrap(one.queue) }));
      this.#notify(() => {
        listener(wrapped);
      }, this.#base.openCommit - 1);
    });
  }

  onWritable(listener: () => void): void {
    this.#base.onWritable(listener);
  }

  async committed(commit: CommitNumber): Promise<void> {
    const number = commit - this.#first;
    if (number > this.#lastCommit) return new Promise(() => undefined);
    await this.#base.committed(number);
    await this.#away;
  }

  async openQueue(name: QueueName): Promise<Queue> {
    await this.#away;
    return this.#wrap(await this.#base.openQueue(name));
  }

  closeQueue(queue: Queue): void {
    this.#base.closeQueue(innerOf(queue));
  }

  tail(queue: Queue, offset: QueueOffset): Segment | undefined {
    return this.#base.tail(innerOf(queue), offset);
  }

  async pull(
    queue: Queue,
    offset: QueueOffset,
    maxMessages: number,
    maxBytes: number,
  ): Promise<PullResult> {
    await this.#away;
    return this.#base.pull(innerOf(queue), offset, maxMessages, maxBytes);
  }

  commitOffset(consumer: string, queue: Queue, offset: QueueOffset): CommitNumber {
    return this.#write(() => this.#base.commitOffset(consumer, innerOf(queue), offset));
  }

  async loadOffset(consumer: string, queue: Queue): Promise<QueueOffset | undefined> {
    await this.#away;
    return this.#base.loadOffset(consumer, innerOf(queue));
  }

  deleteOffset(consumer: string, queue: Queue): CommitNumber {
    return this.#write(() => this.#base.deleteOffset(consumer, innerOf(queue)));
  }

  putState(space: StateSpace, key: string, value: Buffer): CommitNumber {
    return this.#write(() => this.#base.putState(space, key, value));
  }

  deleteState(space: StateSpace, key: string): CommitNumber {
    return this.#write(() => this.#base.deleteState(space, key));
  }

  async getState(space: StateSpace, key: string): Promise<Buffer | undefined> {
    await this.#away;
    return this.#base.getState(space, key);
  }

  scanState(space: StateSpace, after?: string): ReturnType<LmqStore['scanState']> {
    return this.#base.scanState(space, after);
  }

  async acquireFilter(filter: string, durable: boolean): Promise<Queue> {
    const acquired = this.#base.acquireFilter(filter, durable);
    await this.#away;
    return this.#wrap(await acquired);
  }

  releaseFilter(filter: string, durable: boolean): CommitNumber {
    return this.#write(() => this.#base.releaseFilter(filter, durable));
  }

  pinFilter(filter: string): CommitNumber {
    return this.#write(() => this.#base.pinFilter(filter));
  }

  unpinFilter(filter: string): CommitNumber {
    return this.#write(() => this.#base.unpinFilter(filter));
  }

  listFilters(): ReturnType<LmqStore['listFilters']> {
    return this.#base.listFilters();
  }

  #write(write: () => CommitNumber): CommitNumber {
    return this.#isCutOff ? this.openCommit : this.#first + write();
  }

  get #isCutOff(): boolean {
    return this.#lastCommit < Infinity;
  }

  #notify(notice: () => void, commit: CommitNumber): void {
    if (this.#hasEnded || commit > this.#lastCommit) return;
    if (this.#away === undefined) notice();
    else this.#notices.push(notice);
  }

  #wrap(inner: Queue): LaneQueue {
    let queue = this.#queues.get(inner);
    if (queue === undefined) this.#queues.set(inner, (queue = new LaneQueue(inner, this.lane)));
    return queue;
  }
}

type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest]
  ? Rest
  : never;

function innerOf(queue: Queue): Queue {
  if (!(queue instanceof LaneQueue)) throw new TypeError('a queue of another store');
  return queue.inner;
}
