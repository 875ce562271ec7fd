type ChangeListener = (key: string, value: Buffer | undefined) => void;

/**
 * A state space whose changes this node follows. It knows the keys that have been told, to find after a
 * lost connection what was deleted meanwhile; and for each scan under way what has changed since it
 * began, because a page may be older than that.
 */
export class WatchedSpace {
  readonly #listener: ChangeListener;
  readonly #keys = new Set<string>();
  readonly #scans = new Set<Set<string>>();

  constructor(listener: ChangeListener) {
    this.#listener = listener;
  }

  /** Another node has written. */
  changed(key: string, value: Buffer | undefined): void {
    this.#note(key, value !== undefined);
    this.#listener(key, value);
  }

  /** This node has written: its owner knows. */
  wrote(key: string, exists: boolean): void {
    this.#note(key, exists);
  }

  /**
   * A scan begins. What it brings of these keys is old, at any later time.
   * @param unsettled keys that this node has written and that may not be durable
   */
  beginScan(unsettled: Iterable<string>): Set<string> {
    const touched = new Set(unsettled);
    this.#scans.add(touched);
    return touched;
  }

  /** The scan has come to this key. */
  scanned(key: string): void {
    this.#keys.add(key);
  }

  endScan(touched: Set<string>): void {
    this.#scans.delete(touched);
  }

  /**
   * Tells everything that a scan after a gap has brought, and what has gone in the gap.
   * @param isCurrent false when there has been another gap
   */
  async resync(
    entries: AsyncIterable<{ readonly key: string; readonly value: Buffer }>,
    unsettled: Iterable<string>,
    isCurrent: () => boolean,
  ): Promise<void> {
    const touched = this.beginScan(unsettled);
    const gone = new Set(this.#keys);
    try {
      for await (const { key, value } of entries) {
        if (!isCurrent()) return;
        gone.delete(key);
        if (!touched.has(key)) this.changed(key, value);
      }
      for (const key of gone) if (!touched.has(key)) this.changed(key, undefined);
    } finally {
      this.#scans.delete(touched);
    }
  }

  #note(key: string, exists: boolean): void {
    if (exists) this.#keys.add(key);
    else this.#keys.delete(key);
    for (const touched of this.#scans) touched.add(key);
  }
}
