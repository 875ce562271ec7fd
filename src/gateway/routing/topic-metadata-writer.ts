import type { Clock, Timer } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { KvChange, KvConfig } from '../../namesrv/types.ts';

/** What shall become of a key. */
export interface KvEdit {
  readonly namespace: string;
  readonly key: string;
  /** From the value there is to the value that shall be; undefined for none. */
  readonly change: (value: string | undefined) => string | undefined;
}

export interface TopicMetadataWriterOptions {
  readonly kv: KvConfig;
  /** What has to be written for a touched key, as of now. */
  readonly compose: (key: string) => readonly KvEdit[];
  /** Called when the writes of a touched key have ended, well or not. */
  readonly written: (key: string) => void;
  readonly clock: Clock;
  readonly delayMs: number;
  readonly logger: Logger;
}

/** Writes may take this share of the time: a list of many entries is costly to write as a whole. */
const PAUSE_PER_WRITE_TIME = 10;
/** What could not be written is tried again after this long, if nothing has it written before. */
const RETRY_MS = 5_000;

/**
 * Writes what the gateway itself registers to the KV config, in the background: many registrations
 * become one write of their key. Knows its own writes again when the watch shows them.
 */
export class TopicMetadataWriter {
  readonly #options: TopicMetadataWriterOptions;
  readonly #touched = new Set<string>();
  /** Could not be written. */
  readonly #failed = new Set<string>();
  readonly #ownWrites: KvChange[] = [];
  #timer: Timer | undefined;
  #retry: Timer | undefined;
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

  /** Gives up what could not be written. */
  stop(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
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
    const { clock, written } = this.#options;
    const startedMs = clock.monotonic();
    const keys = [...this.#touched];
    this.#touched.clear();
    await Promise.all(keys.map((key) => this.#writeKey(key)));
    keys.forEach(written);
    this.#pauseMs = PAUSE_PER_WRITE_TIME * (clock.monotonic() - startedMs);
  }

  async #writeKey(key: string): Promise<void> {
    const { compose, clock } = this.#options;
    const written = await Promise.all(compose(key).map((edit) => this.#write(edit)));
    if (!written.includes(false)) return;
    this.#failed.add(key);
    this.#retry ??= clock.after(RETRY_MS, () => {
      this.#retry = undefined;
      for (const failed of this.#failed) this.touch(failed);
      this.#failed.clear();
    });
  }

  /** False when it could not be written. */
  async #write({ namespace, key, change }: KvEdit): Promise<boolean> {
    const { kv, logger } = this.#options;
    let own: KvChange | undefined;
    try {
      await kv.edit(namespace, key, (value) => {
        this.#forget(own);
        const changed = change(value);
        own = { namespace, key, value: changed };
        if (changed !== value) this.#ownWrites.push(own);
        return changed;
      });
      return true;
    } catch (error) {
      logger.error({ namespace, key, error: messageOf(error) }, 'topic metadata not written');
      return false;
    } finally {
      this.#forget(own);
    }
  }

  #forget(own: KvChange | undefined): void {
    const index = this.#ownWrites.findIndex((write) => write === own);
    if (index !== -1) this.#ownWrites.splice(index, 1);
  }
}

function isSameWrite(a: KvChange, b: KvChange): boolean {
  return a.namespace === b.namespace && a.key === b.key && a.value === b.value;
}
