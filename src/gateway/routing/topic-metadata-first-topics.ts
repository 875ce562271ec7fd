import type { Logger } from '../../common/logger.ts';
import { ALL_FIRST_TOPICS, LMQ_CONNECT_NODES, LMQ_NAMESPACE } from '../../namesrv/types.ts';
import type { KvConfig } from '../../namesrv/types.ts';
import { editList, isListable, splitList } from '../../common/comma-list.ts';
import type { KvEdit } from './topic-metadata-writer.ts';

/** True when the KV key of this first level means something else. */
export function isReservedFirstTopic(level: string): boolean {
  return level === ALL_FIRST_TOPICS || level === LMQ_CONNECT_NODES;
}

/** Bounds on what clients can register by using it. */
export interface FirstTopicLimits {
  readonly maxFirstTopics: number;
  /** Characters of all names together: they are written as one list. */
  readonly maxFirstTopicsLength: number;
}

/** The first-level topics: those in ALL_FIRST_TOPICS, and new ones on their way there. */
export class FirstTopics {
  readonly #kv: KvConfig;
  readonly #limits: FirstTopicLimits;
  readonly #logger: Logger;
  /** In the KV list or created here. */
  #known = new Set<string>();
  /** Created here and not seen in the KV list yet; names that a comma list cannot hold stay here. */
  readonly #created = new Set<string>();
  #knownLength = 0;

  constructor(kv: KvConfig, limits: FirstTopicLimits, logger: Logger) {
    this.#kv = kv;
    this.#limits = limits;
    this.#logger = logger;
  }

  has(level: string): boolean {
    return this.#known.has(level);
  }

  /** Makes a new first level known; false when there are too many. */
  create(level: string): boolean {
    const { maxFirstTopics, maxFirstTopicsLength } = this.#limits;
    if (this.#known.size >= maxFirstTopics) return false;
    if (this.#knownLength + level.length > maxFirstTopicsLength) return false;
    this.#created.add(level);
    this.#add(level);
    return true;
  }

  /** Takes the list over from the KV config; true when that changes what is known. */
  load(): boolean {
    const before = this.#known;
    this.#known = new Set();
    this.#knownLength = 0;
    for (const level of splitList(this.#kv.get(LMQ_NAMESPACE, ALL_FIRST_TOPICS))) {
      if (isReservedFirstTopic(level) || /[/+#]/.test(level)) {
        this.#logger.warn(
          { entry: level },
          'ALL_FIRST_TOPICS: entry skipped, no usable first level',
        );
      } else {
        this.#add(level);
      }
    }
    for (const level of this.#created) this.#add(level);
    return before.size !== this.#known.size || [...before].some((level) => !this.#known.has(level));
  }

  compose(): KvEdit {
    return {
      namespace: LMQ_NAMESPACE,
      key: ALL_FIRST_TOPICS,
      change: (list) => editList(list, [...this.#created].filter(isListable), []),
    };
  }

  /** What has reached the KV list is the operator's to take away. */
  written(): void {
    for (const level of splitList(this.#kv.get(LMQ_NAMESPACE, ALL_FIRST_TOPICS))) {
      this.#created.delete(level);
    }
  }

  #add(level: string): void {
    if (this.#known.has(level)) return;
    this.#known.add(level);
    this.#knownLength += level.length;
  }
}
