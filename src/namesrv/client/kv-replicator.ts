import type { Clock, Timer } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { RpcError } from '../../rpc/rpc-status.ts';
import { isNewer, type KvEntry, kvId } from '../kv-version.ts';
import { BackOff } from '../../common/back-off.ts';
import type { NamesrvLink } from './namesrv-link.ts';

/** Entries of one call together, in characters: a call must fit a message. */
const MAX_CALL_LENGTH = 512 * 1024;
const FIRST_BACK_OFF_MS = 200;
const MAX_BACK_OFF_MS = 5_000;

/**
 * Brings to one name server what it lacks and another one has. Each client does it; so one living client is
 * enough, and name servers need not know each other. Who has written brings it at once, the others
 * only what has not come by itself after a while.
 */
export class KvReplicator {
  readonly #link: NamesrvLink;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #backOff = new BackOff(FIRST_BACK_OFF_MS, MAX_BACK_OFF_MS);
  /** Newest entry by key; bounded by the number of keys. */
  readonly #pending = new Map<string, KvEntry>();
  #timer: Timer | undefined;
  #running = false;
  #stopped = false;

  constructor(link: NamesrvLink, clock: Clock, logger: Logger) {
    this.#link = link;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Brings the entry after a while, unless the name server has it then. */
  offer(entry: KvEntry, delayMs: number): void {
    if (this.#stopped || !this.#link.isUp || !this.#link.lacks(entry)) return;
    const id = kvId(entry.namespace, entry.key);
    // One that was written in a former life of a name server may be older than what is known.
    if (isNewer(entry, this.#pending.get(id))) this.#pending.set(id, entry);
    this.#schedule(delayMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#pending.clear();
  }

  #schedule(delayMs: number): void {
    if (this.#running) return;
    if (this.#timer !== undefined) {
      if (delayMs > 0) return;
      this.#timer.cancel();
    }
    this.#timer = this.#clock.after(delayMs, () => {
      this.#timer = undefined;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    // What a name server lacks that is not up is found again when it comes up.
    if (!this.#link.isUp) this.#pending.clear();
    let isGoing = true;
    while (isGoing) {
      const part = this.#take();
      isGoing = part.length > 0 && (await this.#bring(part));
    }
    this.#running = false;
    if (this.#pending.size > 0 && !this.#stopped) this.#schedule(this.#backOff.next());
  }

  #take(): readonly KvEntry[] {
    const part: KvEntry[] = [];
    let length = 0;
    for (const [id, entry] of this.#pending) {
      if (length >= MAX_CALL_LENGTH) break;
      this.#pending.delete(id);
      if (!this.#link.lacks(entry)) continue;
      part.push(entry);
      length += entry.namespace.length + entry.key.length + (entry.value?.length ?? 0);
    }
    return part;
  }

  async #bring(part: readonly KvEntry[]): Promise<boolean> {
    const { connection } = this.#link;
    try {
      await connection.merge(part);
      this.#backOff.reset();
      return true;
    } catch (error) {
      const fields = { namesrv: connection.address, keys: part.length, error: messageOf(error) };
      this.#logger.warn(fields, 'name server not brought up to date');
      const isWorthRetrying = error instanceof RpcError && error.retryable;
      if (isWorthRetrying) for (const entry of part) this.#restore(entry);
      return false;
    }
  }

  #restore(entry: KvEntry): void {
    const id = kvId(entry.namespace, entry.key);
    if (!this.#pending.has(id)) this.#pending.set(id, entry);
  }
}
