import { ErrorCode, StoreError } from '../../common/errors.ts';
import { isWildcardFilter } from '../../common/topic/topic-filter.ts';
import type { RegisteredFilter } from '../../rpc/messages/store-v1.ts';
import type { BatchWriter } from './batch-writer.ts';
import type { CommitWindow } from './commit-window.ts';
import { type RequestTable, unexpected } from './request-table.ts';

interface FilterEntry {
  pinned: boolean;
  /** Uses that the store counts: durable ones, and those of other nodes as of the start. */
  storedUses: number;
  /** Uses of this node that are not durable; the store has one for all of them. */
  ownUses: number;
}

/**
 * The registered wildcard filters as this node knows them: those of the store as of the start, and what
 * this node has done since. Filters without wildcards are not registered.
 */
export class RemoteFilters {
  readonly #requests: Pick<RequestTable, 'ask'>;
  readonly #commits: Pick<CommitWindow, 'lastWritten' | 'failure'>;
  readonly #writer: Pick<BatchWriter, 'touch' | 'write'>;
  readonly #entries = new Map<string, FilterEntry>();

  constructor(
    requests: Pick<RequestTable, 'ask'>,
    commits: Pick<CommitWindow, 'lastWritten' | 'failure'>,
    writer: Pick<BatchWriter, 'touch' | 'write'>,
  ) {
    this.#requests = requests;
    this.#commits = commits;
    this.#writer = writer;
  }

  /**
   * Asks the store for what it has.
   * @param isPatient whether to ask again when it is away, until it answers or this node has failed
   * @throws StoreError (rejection) what the store says, or STORE_UNAVAILABLE in time
   */
  async load(isPatient: () => boolean): Promise<void> {
    for (;;) {
      try {
        await this.#requests.ask({ listFilters: {} }, this.#commits.lastWritten, (reply) => {
          this.#restore((reply.filters ?? unexpected(reply)).filters);
        });
        return;
      } catch (error) {
        const isLate = error instanceof StoreError && error.code === ErrorCode.STORE_UNAVAILABLE;
        if (!isPatient() || !isLate || this.#commits.failure !== undefined) throw error;
      }
    }
  }

  /** Takes over what the store has, which may be this node's use too. */
  #restore(filters: readonly RegisteredFilter[]): void {
    for (const { filter, pinned, uses } of filters) {
      const entry = this.#entry(filter);
      entry.pinned = pinned;
      entry.storedUses = Math.max(0, uses - (entry.ownUses > 0 ? 1 : 0));
    }
  }

  acquire(filter: string, durable: boolean): void {
    if (!isWildcardFilter(filter)) return;
    const entry = this.#entry(filter);
    if (durable) entry.storedUses++;
    else entry.ownUses++;
    if (durable || entry.ownUses === 1) {
      this.#writer.write({ acquireFilter: { filter, durable } }, filter.length);
    }
  }

  /** A use that nobody has is not an error. */
  release(filter: string, durable: boolean): void {
    if (isWildcardFilter(filter) && this.#takeBack(filter, durable)) {
      this.#writer.write({ releaseFilter: { filter, durable } }, filter.length);
    } else {
      this.#writer.touch();
    }
  }

  /** True when the store has to be told. */
  #takeBack(filter: string, durable: boolean): boolean {
    const entry = this.#entries.get(filter);
    if (entry === undefined) return durable;
    let isTold = true;
    if (durable) {
      entry.storedUses = Math.max(0, entry.storedUses - 1);
    } else {
      isTold = entry.ownUses === 1;
      entry.ownUses = Math.max(0, entry.ownUses - 1);
    }
    this.#dropUnused(filter, entry);
    return isTold;
  }

  pin(filter: string): void {
    if (isWildcardFilter(filter)) {
      this.#entry(filter).pinned = true;
      this.#writer.write({ pinFilter: filter }, filter.length);
    } else {
      this.#writer.touch();
    }
  }

  unpin(filter: string): void {
    this.#writer.write({ unpinFilter: filter }, filter.length);
    const entry = this.#entries.get(filter);
    if (entry === undefined) return;
    entry.pinned = false;
    this.#dropUnused(filter, entry);
  }

  list(): { filter: string; pinned: boolean; uses: number }[] {
    return Array.from(this.#entries, ([filter, { pinned, storedUses, ownUses }]) => ({
      filter,
      pinned,
      uses: storedUses + ownUses,
    }));
  }

  /** Those that this node uses and no session keeps: for a hello. */
  greet(): string[] {
    const used: string[] = [];
    for (const [filter, { ownUses }] of this.#entries) if (ownUses > 0) used.push(filter);
    return used;
  }

  #entry(filter: string): FilterEntry {
    let entry = this.#entries.get(filter);
    if (entry === undefined) {
      entry = { pinned: false, storedUses: 0, ownUses: 0 };
      this.#entries.set(filter, entry);
    }
    return entry;
  }

  #dropUnused(filter: string, { pinned, storedUses, ownUses }: FilterEntry): void {
    if (!pinned && storedUses + ownUses === 0) this.#entries.delete(filter);
  }
}
