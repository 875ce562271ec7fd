import type { Clock, Timer } from '../../common/clock.ts';
import { ErrorCode, StoreError, toStoreError } from '../../common/errors.ts';
import type { Reply, Request } from '../../rpc/messages/store-v1.ts';
import type { CommitNumber } from '../spi/types.ts';
import { MAX_REQUESTS } from './remote-options.ts';
import { storeErrorOf } from './store-failure.ts';

export type RequestBody = Omit<Request, 'id' | 'request'>;

interface Pending {
  readonly request: Request;
  /** The batch that it comes after; 0 when it needs none. */
  readonly after: CommitNumber;
  readonly deadline: number;
  /** Nobody waits any more. */
  isAbandoned: boolean;
  /** On this connection. */
  isSent: boolean;
  answer(reply: Reply): void;
  reject(error: StoreError): void;
  /** What to do with an answer that comes when nobody waits any more. */
  onLate: ((reply: Reply) => void) | undefined;
}

/** Deadlines are looked at so many times within the time that a request has. */
const LOOKS = 20;
const MIN_LOOK_MS = 5;

export interface RequestTableOptions {
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  /** Something is to be sent. */
  readonly onRequest: () => void;
}

/** Requests that are not answered: sent in order, again after a lost connection, and failed in time. */
export class RequestTable {
  readonly #options: RequestTableOptions;
  readonly #lookMs: number;
  readonly #pending = new Map<number, Pending>();
  /** Not sent on this connection, in order. Those of `#free` need not wait for writes. */
  #ordered: Pending[] = [];
  #free: Pending[] = [];
  #nextId = 1;
  #timer: Timer | undefined;
  #failure: StoreError | undefined;

  constructor(options: RequestTableOptions) {
    this.#options = options;
    this.#lookMs = Math.max(MIN_LOOK_MS, options.requestTimeoutMs / LOOKS);
  }

  get size(): number {
    return this.#pending.size;
  }

  start(): void {
    this.#timer ??= this.#options.clock.every(this.#lookMs, () => {
      this.#expire();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** True when a request waits for a batch to be sent. */
  get waitsForWrites(): boolean {
    return this.#ordered.length > 0;
  }

  /**
   * @param after the commit that it has to see; 0 for none
   * @param take reads the answer, before anything that came after it is looked at
   * @param onLate sees an answer that comes when nobody waits any more
   * @throws StoreError (rejection) what the store says, or STORE_UNAVAILABLE in time
   */
  ask<Answer>(
    body: RequestBody,
    after: CommitNumber,
    take: (reply: Reply) => Answer,
    onLate?: (reply: Reply) => void,
  ): Promise<Answer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#pending.size >= MAX_REQUESTS) {
      return Promise.reject(
        new StoreError(ErrorCode.STORE_LIMIT, 'too many requests wait for the store', {
          retryable: true,
        }),
      );
    }
    const { clock, requestTimeoutMs, onRequest } = this.#options;
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        request: { id: this.#newId(), ...body },
        after,
        deadline: clock.monotonic() + requestTimeoutMs - this.#lookMs,
        isAbandoned: false,
        isSent: false,
        answer: (reply) => {
          try {
            resolve(take(reply));
          } catch (error) {
            reject(toStoreError(error));
          }
        },
        reject,
        onLate,
      };
      this.#pending.set(pending.request.id, pending);
      this.#queue(pending);
      onRequest();
    });
  }

  /** Says something that is not answered; forgotten with the connection. */
  tell(body: RequestBody, after: CommitNumber): void {
    if (this.#failure !== undefined) return;
    this.#ordered.push({
      request: { id: 0, ...body },
      after,
      deadline: 0,
      isAbandoned: true,
      isSent: false,
      answer: ignore,
      reject: ignore,
      onLate: undefined,
    });
    this.#options.onRequest();
  }

  /** What may be sent when the batches up to `lastSent` have been. */
  take(lastSent: CommitNumber): Request[] {
    if (this.#free.length === 0 && this.#ordered.length === 0) return [];
    const taken = this.#free;
    this.#free = [];
    let count = 0;
    for (const pending of this.#ordered) {
      if (pending.after > lastSent) break;
      taken.push(pending);
      count++;
    }
    if (count > 0) this.#ordered = this.#ordered.slice(count);
    return taken.map((pending) => {
      pending.isSent = true;
      return pending.request;
    });
  }

  /** The connection is gone: what is not answered has to be sent again, what was only told is forgotten. */
  rewind(): void {
    this.#free = [];
    this.#ordered = [];
    for (const [id, pending] of this.#pending) {
      if (pending.isAbandoned) this.#pending.delete(id);
      else this.#queue(pending);
    }
  }

  answer(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    if (pending === undefined) return;
    this.#pending.delete(reply.id);
    if (pending.isAbandoned) pending.onLate?.(reply);
    else if (reply.error !== undefined) pending.reject(storeErrorOf(reply.error));
    else pending.answer(reply);
  }

  /** All requests fail, and each later one. */
  fail(error: StoreError): void {
    this.#failure ??= error;
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    this.#free = [];
    this.#ordered = [];
    for (const pending of waiting) if (!pending.isAbandoned) pending.reject(error);
  }

  #queue(pending: Pending): void {
    pending.isSent = false;
    if (pending.after === 0) this.#free.push(pending);
    else this.#ordered.push(pending);
  }

  #expire(): void {
    const now = this.#options.clock.monotonic();
    const dropped = new Set<Pending>();
    for (const [id, pending] of this.#pending) {
      if (pending.isAbandoned) continue;
      if (pending.deadline > now) break;
      pending.isAbandoned = true;
      // What has not gone out is not sent any more: a store may be away for days.
      if (!pending.isSent) dropped.add(pending);
      if (!pending.isSent || pending.onLate === undefined) this.#pending.delete(id);
      pending.reject(
        new StoreError(ErrorCode.STORE_UNAVAILABLE, 'the store has not answered in time', {
          retryable: true,
        }),
      );
    }
    if (dropped.size === 0) return;
    this.#free = this.#free.filter((pending) => !dropped.has(pending));
    this.#ordered = this.#ordered.filter((pending) => !dropped.has(pending));
  }

  #newId(): number {
    const id = this.#nextId;
    this.#nextId = id === 0xffff_ffff ? 1 : id + 1;
    return this.#pending.has(id) ? this.#newId() : id;
  }
}

/** @throws StoreError always */
export function unexpected({ reply }: Reply): never {
  throw new StoreError(
    ErrorCode.STORE_UNAVAILABLE,
    `the store has given another answer than was asked for: ${reply ?? 'none'}`,
  );
}

function ignore(): void {
  // nobody waits for it
}
