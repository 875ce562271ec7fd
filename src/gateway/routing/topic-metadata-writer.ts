import type { Clock, Timer } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { KvChange, KvConfig } from '../../namesrv/types.ts';

/** What a key shall hold; an undefined value deletes it. */
export type KvWrite = KvChange;

export interface TopicMetadataWriterOptions {
  readonly kv: KvConfig;
  /** What has to be written for a touched key, as of now. */
  readonly compose: (key: string) => readonly KvWrite[];
  /** Called when the writes of a touched key have ended, well or not. */
  readonly written: (key: string) => void;
  readonly clock: Clock;
  readonly delayMs: number;
  readonly logger: Logger;
}

/** Writes may take this share of the time: a list of many entries is costly to write as a whole. */
const PAUSE_PER_WRITE_TIME = 10;

/**
 * Writes what the gateway itself registers to the KV config, in the background: many registrations
 * become one write of their key. Knows its own writes again when the watch shows them.
 */
export class TopicMetadataWriter {
  readonly #options: TopicMetadataWriterOptions;
  readonly #touched = new Set<string>();
  readonly #ownWrites: KvWrite[] = [];
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #pauseMs = 0;

  constructor(options: TopicMetadataWriterOptions) {
    this.#options = options;
  }

  /** Has the key written soon. */
  touch(key: string): void {
    this.#touched.add(key);
    this.#schedule();
  }

  /** Resolves when everything touched so far has been written or has failed. */
  async flush(): Promise<void> {
    while (this.#touched.size > 0 || this.#writing !== undefined) {
      this.#timer?.cancel();
      this.#timer = undefined;
      await (this.#writing ?? this.#begin());
    }
  }

  /** True when `change` is what this writer is writing just now; each write is recognised once. */
  isOwn(change: KvChange): boolean {
    const index = this.#ownWrites.findIndex((own) => isSameWrite(own, change));
    if (index === -1) return false;
    this.#ownWrites.splice(index, 1);
    return true;
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#writing !== undefined) return;
    const delayMs = Math.max(this.#options.delayMs, this.#pauseMs);
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#timer = undefined;
      void this.#begin();
    });
  }

  #begin(): Promise<void> {
    this.#writing = this.#writeTouched().finally(() => {
      this.#writing = undefined;
      if (this.#touched.size > 0) this.#schedule();
    });
    return this.#writing;
  }

  async #writeTouched(): Promise<void> {
    const { clock, compose, written } = this.#options;
    const startedMs = clock.monotonic();
    const keys = [...this.#touched];
    this.#touched.clear();
    await Promise.all(keys.flatMap(compose).map((write) => this.#write(write)));
    keys.forEach(written);
    this.#pauseMs = PAUSE_PER_WRITE_TIME * (clock.monotonic() - startedMs);
  }

  async #write(write: KvWrite): Promise<void> {
    const { kv, logger } = this.#options;
    const { namespace, key, value } = write;
    if (kv.get(namespace, key) === value) return;
    this.#ownWrites.push(write);
    try {
      await (value === undefined ? kv.delete(namespace, key) : kv.put(namespace, key, value));
    } catch (error) {
      logger.error({ namespace, key, error: messageOf(error) }, 'topic metadata not written');
    } finally {
      const index = this.#ownWrites.indexOf(write);
      if (index !== -1) this.#ownWrites.splice(index, 1);
    }
  }
}

function isSameWrite(a: KvWrite, b: KvWrite): boolean {
  return a.namespace === b.namespace && a.key === b.key && a.value === b.value;
}
