import type { KvEntry as KvEntryMessage, WatchEvent } from '../../rpc/messages/namesrv-v1.ts';

/** What a watch writes to: a gRPC stream. */
export interface WatchSink {
  /** False when what was written before has not left yet; `drained` is called when it has. */
  write(event: WatchEvent): boolean;
}

/** Current state, for a watcher that is behind. */
export interface WatchSource {
  /** Also when it has been deleted; undefined when that is no longer remembered. */
  entry(namespace: string, key: string): KvEntryMessage | undefined;
  registry(): WatchEvent['registry'];
}

/** Entries of one event together, in characters: an event must fit a message. */
const MAX_EVENT_LENGTH = 512 * 1024;

/**
 * The events of one watcher. One that reads slowly is told the latest state of what has changed, not each
 * change: what it makes the name server hold is bounded by the number of keys.
 */
export class WatchStream {
  readonly #sink: WatchSink;
  readonly #source: WatchSource;
  #dirtyKeys = new Map<string, Set<string>>();
  #dirtyRegistry = false;
  #snapshotPending = true;
  #congested = false;

  constructor(sink: WatchSink, source: WatchSource) {
    this.#sink = sink;
    this.#source = source;
  }

  /** The snapshot: everything is new. @param keys of each namespace that is watched */
  begin(keys: ReadonlyMap<string, Set<string>>): void {
    this.#dirtyKeys = new Map(keys);
    this.#dirtyRegistry = true;
    this.#flush();
  }

  changed(namespace: string, key: string): void {
    const keys = this.#dirtyKeys.get(namespace) ?? new Set();
    this.#dirtyKeys.set(namespace, keys);
    keys.add(key);
    this.#flush();
  }

  registryChanged(): void {
    this.#dirtyRegistry = true;
    this.#flush();
  }

  drained(): void {
    this.#congested = false;
    this.#flush();
  }

  #flush(): void {
    while (!this.#congested && this.#isBehind) {
      // Each of them may be as large as a message can be.
      const registry = this.#dirtyRegistry ? this.#source.registry() : null;
      const entries = this.#dirtyRegistry ? [] : this.#takeEntries();
      this.#dirtyRegistry = false;
      const endOfSnapshot = this.#snapshotPending && this.#dirtyKeys.size === 0;
      if (endOfSnapshot) this.#snapshotPending = false;
      this.#congested = !this.#sink.write({ entries, registry, endOfSnapshot });
    }
  }

  get #isBehind(): boolean {
    return this.#dirtyRegistry || this.#snapshotPending || this.#dirtyKeys.size > 0;
  }

  #takeEntries(): readonly KvEntryMessage[] {
    const entries: KvEntryMessage[] = [];
    let length = 0;
    for (const [namespace, keys] of this.#dirtyKeys) {
      for (const key of keys) {
        if (length >= MAX_EVENT_LENGTH) return entries;
        keys.delete(key);
        const entry = this.#source.entry(namespace, key);
        if (entry === undefined) continue;
        entries.push(entry);
        length += namespace.length + key.length + (entry.value?.length ?? 0);
      }
      this.#dirtyKeys.delete(namespace);
    }
    return entries;
  }
}
