import type { Logger } from '../../common/logger.ts';
import { isValidTopicFilter, isWildcardFilter } from '../../common/topic/topic-filter.ts';
import { firstLevel } from '../../common/topic/topic-name.ts';
import type { FilterTable } from '../../lmq/spi/lmq-store.ts';
import { LMQ_AUTOMATIC_NAMESPACE, LMQ_NAMESPACE } from '../../namesrv/types.ts';
import type { KvConfig } from '../../namesrv/types.ts';
import { isServerTopic } from './server-topic.ts';
import { isReservedFirstTopic } from './topic-metadata-first-topics.ts';
import { editList, isListable, joinList, splitList } from '../../common/comma-list.ts';
import type { KvEdit } from './topic-metadata-writer.ts';

/** Bounds on what clients can register by using it. */
export interface WildcardLimits {
  readonly maxAutomaticWildcards: number;
  /** UTF-8 bytes of all automatic filters together: they are written as lists, which the KV config bounds so. */
  readonly maxAutomaticWildcardsLength: number;
}

export interface WildcardsOptions {
  readonly kv: KvConfig;
  readonly filters: FilterTable;
  readonly autoCreateWildcard: boolean;
  /**
   * Other gateways write the same KV config. Nobody can count the uses of all of them but the store, so
   * the automatic ones are registered there alone and the lists hold those of the operator (ADR 443).
   */
  readonly shared: boolean;
  readonly limits: WildcardLimits;
  /** Has the list of a first level written. */
  readonly touch: (level: string) => void;
  readonly logger: Logger;
}

/**
 * The registered wildcard filters. Those of the operator are pinned in the store and stay; automatic
 * ones are there because they are used and go with their last use.
 */
export class Wildcards {
  readonly #options: WildcardsOptions;
  readonly #pinned = new Set<string>();
  /** By first level. */
  readonly #automatic = new Map<string, Set<string>>();
  /** Automatic ones whose last use is gone and that are in the KV list still, by first level. */
  readonly #retired = new Map<string, Set<string>>();
  readonly #uses = new Map<string, number>();
  #automaticCount = 0;
  #automaticLength = 0;

  constructor(options: WildcardsOptions) {
    this.#options = options;
  }

  has(filter: string): boolean {
    return this.#pinned.has(filter) || this.#isAutomatic(filter);
  }

  /** Those of the operator. */
  pinned(): Iterable<string> {
    return this.#pinned;
  }

  /** False when there are as many automatic ones as may be. */
  hasRoomFor(filter: string): boolean {
    const { maxAutomaticWildcards, maxAutomaticWildcardsLength } = this.#options.limits;
    return (
      this.#automaticCount < maxAutomaticWildcards &&
      this.#automaticLength + Buffer.byteLength(filter) <= maxAutomaticWildcardsLength
    );
  }

  /** Brings store and KV config together: pins what operators registered, drops what a crash left. */
  start(): void {
    const { kv, filters, autoCreateWildcard, shared } = this.#options;
    for (const { filter, pinned, uses } of filters.listFilters()) {
      // $-topics of the server are not registered; where gateways share the store, each registers its own uses.
      const isUsed = uses > 0 && !isServerTopic(filter) && !shared;
      if (isUsed) this.#uses.set(filter, uses);
      if (pinned) this.#pinned.add(filter);
      else if (isUsed && autoCreateWildcard) this.#addAutomatic(filter);
    }
    const listed = new Set<string>();
    for (const [level, list] of kv.list(LMQ_NAMESPACE)) {
      if (isReservedFirstTopic(level)) continue;
      const marked = splitList(kv.get(LMQ_AUTOMATIC_NAMESPACE, level));
      for (const filter of this.#parse(level, list)) {
        listed.add(filter);
        this.#startListed(level, filter, marked.has(filter));
      }
    }
    for (const filter of [...this.#pinned]) if (!listed.has(filter)) this.#unpin(filter);
    // Marks of lists that are gone.
    for (const level of kv.list(LMQ_AUTOMATIC_NAMESPACE).keys()) this.#options.touch(level);
  }

  /** Drops what a store that was away has pinned, and no operator has registered any more. */
  unpinOthers(filters: FilterTable): void {
    for (const { filter, pinned } of filters.listFilters()) {
      if (pinned && !this.#pinned.has(filter)) filters.unpinFilter(filter);
    }
  }

  /** Takes a list over that somebody else has written; true when the registered filters change. */
  load(level: string, list: string | undefined): boolean {
    const listed = this.#parse(level, list);
    this.#retired.delete(level);
    let changed = false;
    for (const filter of listed) {
      if (this.#pinned.has(filter)) continue;
      changed = true;
      this.#removeAutomatic(filter);
      this.#pin(filter);
    }
    for (const filter of [...this.#pinned]) {
      if (firstLevel(filter) !== level || listed.has(filter)) continue;
      changed = true;
      this.#unpin(filter);
    }
    // The automatic ones belong into the list whether its writer knew of them or not.
    if (!this.#options.shared) this.#options.touch(level);
    return changed;
  }

  /** One more use; call before the filter is acquired. */
  use(filter: string): void {
    this.#uses.set(filter, (this.#uses.get(filter) ?? 0) + 1);
    if (this.#options.autoCreateWildcard && !this.has(filter)) this.#addAutomatic(filter);
  }

  /** One use less; the last one takes an automatic filter away. */
  unuse(filter: string): void {
    const uses = (this.#uses.get(filter) ?? 0) - 1;
    if (uses > 0) {
      this.#uses.set(filter, uses);
      return;
    }
    this.#uses.delete(filter);
    if (this.#removeAutomatic(filter) && !this.#options.shared) this.#retire(filter);
  }

  /** The list of a first level, and the marks in it. */
  compose(level: string): readonly KvEdit[] {
    return [
      {
        namespace: LMQ_AUTOMATIC_NAMESPACE,
        key: level,
        change: () => joinList(this.#listed(level)),
      },
      {
        namespace: LMQ_NAMESPACE,
        key: level,
        change: (list) => editList(list, this.#listed(level), this.#retired.get(level) ?? []),
      },
    ];
  }

  written(level: string): void {
    const retired = this.#retired.get(level);
    if (retired === undefined) return;
    const entries = splitList(this.#options.kv.get(LMQ_NAMESPACE, level));
    for (const filter of retired) if (!entries.has(filter)) retired.delete(filter);
    if (retired.size === 0) this.#retired.delete(level);
  }

  /** The automatic filters that belong into the list of a first level. */
  #listed(level: string): ReadonlySet<string> {
    if (this.#options.shared) return new Set();
    return new Set([...(this.#automatic.get(level) ?? [])].filter(isListable));
  }

  /** The usable filters of a list; the others are logged. */
  #parse(level: string, list: string | undefined): Set<string> {
    const usable = new Set<string>();
    for (const filter of splitList(list)) {
      if (
        !isValidTopicFilter(filter) ||
        !isWildcardFilter(filter) ||
        firstLevel(filter) !== level
      ) {
        this.#options.logger.warn(
          { key: level, entry: filter },
          'entry skipped: no wildcard filter of this first level',
        );
      } else {
        usable.add(filter);
      }
    }
    return usable;
  }

  #startListed(level: string, filter: string, marked: boolean): void {
    if (this.#pinned.has(filter) || this.#isAutomatic(filter)) return;
    if (marked) {
      this.#retire(filter);
      this.#options.touch(level);
    } else {
      this.#pin(filter);
    }
  }

  #pin(filter: string): void {
    this.#pinned.add(filter);
    this.#options.filters.pinFilter(filter);
  }

  #unpin(filter: string): void {
    this.#pinned.delete(filter);
    this.#options.filters.unpinFilter(filter);
    if (this.#uses.has(filter) && this.#options.autoCreateWildcard) this.#addAutomatic(filter);
  }

  #isAutomatic(filter: string): boolean {
    return this.#automatic.get(firstLevel(filter))?.has(filter) ?? false;
  }

  #addAutomatic(filter: string): void {
    const level = firstLevel(filter);
    const automatic = this.#automatic.get(level) ?? new Set();
    this.#automatic.set(level, automatic);
    automatic.add(filter);
    this.#automaticCount += 1;
    this.#automaticLength += Buffer.byteLength(filter);
    this.#retired.get(level)?.delete(filter);
    if (!this.#options.shared) this.#options.touch(level);
  }

  #removeAutomatic(filter: string): boolean {
    const level = firstLevel(filter);
    const automatic = this.#automatic.get(level);
    if (automatic?.delete(filter) !== true) return false;
    this.#automaticCount -= 1;
    this.#automaticLength -= Buffer.byteLength(filter);
    if (automatic.size === 0) this.#automatic.delete(level);
    return true;
  }

  #retire(filter: string): void {
    const level = firstLevel(filter);
    const retired = this.#retired.get(level) ?? new Set();
    this.#retired.set(level, retired);
    retired.add(filter);
    this.#options.touch(level);
  }
}
