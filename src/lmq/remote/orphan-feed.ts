import type { Clock } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { CommitWindow } from './commit-window.ts';
import type { RequestTable } from './request-table.ts';

/** Pause before what has failed is done again. */
const RETRY_MS = 1_000;

type OrphanListener = (keys: readonly string[]) => Promise<void>;

export interface OrphanFeedOptions {
  readonly requests: RequestTable;
  readonly commits: CommitWindow;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Claims of dead nodes that the store gives to this one, one lot after the other. */
export class OrphanFeed {
  readonly #options: OrphanFeedOptions;
  #listener: OrphanListener | undefined;
  /** Given by the store, and to be answered. */
  #next: readonly string[] | undefined;
  /** Owned by this node without anybody here wanting it. */
  #stray: string[] = [];
  #isBusy = false;
  /** Counts connections: the store gives again what was not done on the one before. */
  #connection = 0;

  constructor(options: OrphanFeedOptions) {
    this.#options = options;
  }

  onOrphans(listener: OrphanListener): void {
    this.#listener = listener;
    void this.#run();
  }

  given(keys: readonly string[]): void {
    this.#next = [...(this.#next ?? []), ...keys];
    void this.#run();
  }

  /** A claim of this node that nobody here wants any more: somebody dead may have left something with it. */
  strayed(key: string): void {
    this.#stray.push(key);
    void this.#run();
  }

  /** The connection is gone. */
  lost(): void {
    this.#connection++;
    this.#next = undefined;
  }

  async #run(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (let listener = this.#listener; listener !== undefined; listener = this.#listener) {
      if (this.#next !== undefined) await this.#runGiven(this.#next, listener);
      else if (this.#stray.length > 0) await this.#runStray(this.#stray, listener);
      else break;
    }
    this.#isBusy = false;
  }

  async #runGiven(keys: readonly string[], listener: OrphanListener): Promise<void> {
    const connection = this.#connection;
    this.#next = undefined;
    const isDone = await this.#care(keys, listener);
    if (connection !== this.#connection) return;
    const { requests, commits } = this.#options;
    if (isDone) requests.tell({ orphansDone: {} }, commits.lastWritten);
    else this.given(keys);
  }

  async #runStray(keys: string[], listener: OrphanListener): Promise<void> {
    this.#stray = [];
    if (!(await this.#care(keys, listener))) this.#stray = [...keys, ...this.#stray];
  }

  async #care(keys: readonly string[], listener: OrphanListener): Promise<boolean> {
    const { clock, commits, logger } = this.#options;
    try {
      await listener(keys);
      return true;
    } catch (error) {
      if (commits.failure !== undefined) return true;
      logger.warn({ claims: keys.length, error: messageOf(error) }, 'orphans not seen to, again');
      await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
      return false;
    }
  }
}
