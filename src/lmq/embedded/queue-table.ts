import type { QueueName } from '../spi/types.ts';
import { entryEnd } from './layout/v1/index-entry.ts';
import type { LogBounds } from './log-bounds.ts';
import { LmqQueue } from './lmq-queue.ts';
import type { QueueDictionary } from './queue-dictionary.ts';
import type { QueueIndex } from './queue-index.ts';
import type { QueueMinimum } from './queue-minimum.ts';

/** Reverse seeks that one batch of loads has under way. */
const SEEKS_AT_ONCE = 2;
/** Queues looked at for eviction after one commit, at least, and beside those for each one that has come since. */
const EVICTION_STEP = 1_000;
const LOOKS_PER_LOADED = 4;
/** Share of those over the limit that is looked at too: it keeps up where most of the queues are open. */
const EXCESS_SHARE = 16;

/** The queues in memory: open ones, ones with work in the commits, and some idle ones. */
export class QueueTable {
  readonly #dictionary: QueueDictionary;
  readonly #index: QueueIndex;
  readonly #bounds: LogBounds;
  readonly #minimum: QueueMinimum;
  readonly #maxIdle: number;
  readonly #queues = new Map<QueueName, LmqQueue>();
  #toLoad: LmqQueue[] = [];
  #hand: Iterator<LmqQueue, unknown> | undefined;
  #open = 0;
  #loadedSinceEviction = 0;
  /** Called for every queue that comes into memory. */
  onLoad: (name: QueueName) => void = () => undefined;

  constructor(
    dictionary: QueueDictionary,
    index: QueueIndex,
    bounds: LogBounds,
    minimum: QueueMinimum,
    maxIdleQueues: number,
  ) {
    this.#dictionary = dictionary;
    this.#index = index;
    this.#bounds = bounds;
    this.#minimum = minimum;
    this.#maxIdle = maxIdleQueues;
  }

  /** Queues with open handles. */
  get openQueues(): number {
    return this.#open;
  }

  /** All queues in memory. */
  get resident(): IterableIterator<LmqQueue> {
    return this.#queues.values();
  }

  has(name: QueueName): boolean {
    return this.#queues.has(name);
  }

  /** The queue if it is in memory and somebody has it open. */
  findOpen(name: QueueName): LmqQueue | undefined {
    const queue = this.#queues.get(name);
    return queue === undefined || queue.uses === 0 ? undefined : queue;
  }

  /** The queue, which may still be loading. */
  get(name: QueueName): LmqQueue {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new LmqQueue(name);
      this.#queues.set(name, queue);
      this.#loadedSinceEviction++;
      this.onLoad(name);
      this.#load(queue);
    }
    return queue;
  }

  /** Opens a queue; its id and bounds hold when the promise resolves. */
  async open(name: QueueName): Promise<LmqQueue> {
    const queue = this.get(name);
    this.#acquire(queue);
    try {
      await queue.loading;
      // those who have it open already go by a lower bound, too
      if (queue.uses === 1 || !queue.hasMinimum) await this.#minimum.find(queue);
    } catch (error) {
      this.close(queue);
      throw error;
    }
    return queue;
  }

  close(queue: LmqQueue): void {
    if (queue.uses === 0) throw new RangeError(`queue ${queue.name} is not open`);
    queue.uses--;
    if (queue.uses === 0) this.#open--;
  }

  /** Drops idle queues over the limit, those that were not used for longest first, a few at a time. */
  evictIdle(): void {
    const excess = this.#queues.size - this.#open - this.#maxIdle;
    const loaded = this.#loadedSinceEviction;
    this.#loadedSinceEviction = 0;
    if (excess <= 0) return;
    const looks = EVICTION_STEP + LOOKS_PER_LOADED * loaded + Math.ceil(excess / EXCESS_SHARE);
    for (let i = 0; i < looks; i++) {
      if (this.#queues.size - this.#open <= this.#maxIdle) return;
      this.#hand ??= this.#queues.values();
      const next = this.#hand.next();
      if (next.done === true) this.#hand = undefined;
      else if (!next.value.isIdle) continue;
      else if (next.value.wasUsed) next.value.wasUsed = false;
      else this.#evict(next.value);
    }
  }

  #acquire(queue: LmqQueue): void {
    if (queue.uses === 0) this.#open++;
    queue.uses++;
    queue.wasUsed = true;
  }

  #evict(queue: LmqQueue): void {
    queue.isEvicted = true;
    queue.clearTail();
    this.#queues.delete(queue.name);
  }

  /** Loads with all others that are touched in the same turn. */
  #load(queue: LmqQueue): void {
    const first = this.#toLoad[0];
    this.#toLoad.push(queue);
    if (first !== undefined) {
      queue.loading = first.loading;
      return;
    }
    queue.loading = this.#loadSoon();
    // those who need the queue get the rejection from `loading`; it may have nobody
    queue.loading.catch(() => undefined);
  }

  async #loadSoon(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const batch = this.#toLoad;
    this.#toLoad = [];
    try {
      await this.#loadBatch(batch);
    } catch (error) {
      for (const queue of batch) this.#evict(queue);
      throw error;
    }
  }

  async #loadBatch(queues: readonly LmqQueue[]): Promise<void> {
    const ids = await this.#dictionary.find(queues.map((queue) => queue.name));
    const known: LmqQueue[] = [];
    for (const [index, queue] of queues.entries()) {
      const id = ids[index];
      if (id === undefined) {
        this.#dictionary.assign(queue);
        queue.hasMinimum = true;
        queue.minBlock = this.#bounds.end.block;
        this.#setLoaded(queue);
      } else {
        queue.id = id;
        queue.isNamed = true;
        known.push(queue);
      }
    }
    let next = 0;
    const seek = async (): Promise<void> => {
      for (let queue = known[next++]; queue !== undefined; queue = known[next++]) {
        const last = await this.#index.last(queue.id);
        queue.maxOffset = last === undefined ? 0 : entryEnd(last);
        this.#setLoaded(queue);
      }
    };
    await Promise.all(Array.from({ length: SEEKS_AT_ONCE }, seek));
  }

  #setLoaded(queue: LmqQueue): void {
    queue.isLoaded = true;
    queue.loading = undefined;
  }
}
