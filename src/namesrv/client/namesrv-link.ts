import type { Clock, Timer } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { Registry } from '../../rpc/messages/namesrv-v1.ts';
import { RpcError, RpcStatus } from '../../rpc/rpc-status.ts';
import { compareVersions, kvId } from '../kv-version.ts';
import type { KvEntry, KvVersion } from '../kv-version.ts';
import { BackOff } from '../../common/back-off.ts';
import type { NamesrvConnection } from './namesrv-connection.ts';

export interface NamesrvLinkOptions {
  readonly connection: NamesrvConnection;
  /** Who watches. */
  readonly name: string;
  readonly entries: (entries: readonly KvEntry[]) => void;
  /** The registry of this name server has changed, or the link is up or down. */
  readonly changed: () => void;
  /** Up: everything that the name server has, has been told. */
  readonly up: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** As many as the client's own table remembers; the older ones are as if never shown. */
const MAX_DELETED_KEYS = 50_000;
const FIRST_BACK_OFF_MS = 100;
const MAX_BACK_OFF_MS = 2_000;
const REFUSALS: ReadonlySet<RpcStatus> = new Set([
  RpcStatus.UNAUTHENTICATED,
  RpcStatus.PERMISSION_DENIED,
  RpcStatus.RESOURCE_EXHAUSTED,
]);

/** The watch of one name server: begins again whenever it ends, and knows what that name server has. */
export class NamesrvLink {
  readonly connection: NamesrvConnection;
  readonly #options: NamesrvLinkOptions;
  readonly #backOff = new BackOff(FIRST_BACK_OFF_MS, MAX_BACK_OFF_MS);
  /** Of the entries that this name server has shown. */
  readonly #versions = new Map<string, KvVersion>();
  /** Those of them that are deleted there, the oldest deletion first: keys that come and go would not end. */
  readonly #deleted = new Set<string>();
  #registry: Registry | undefined;
  #isUp = false;
  #hasSettled = false;
  /** Why the last attempt has failed, which has been said. */
  #lastReason: string | undefined;
  #endWatch: (() => void) | undefined;
  #retry: Timer | undefined;

  constructor(options: NamesrvLinkOptions) {
    this.#options = options;
    this.connection = options.connection;
  }

  /** Its snapshot has come and the watch goes on. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** It has been up, or an attempt has failed. */
  get hasSettled(): boolean {
    return this.#hasSettled;
  }

  /** As this name server has told last; undefined while it is down. */
  get registry(): Registry | undefined {
    return this.#isUp ? this.#registry : undefined;
  }

  start(): void {
    const { connection, name, entries, changed, up, logger } = this.#options;
    this.#endWatch = connection.watch(name, {
      entries: (told) => {
        for (const entry of told) this.#shown(entry);
        entries(told);
      },
      registry: (registry) => {
        this.#registry = registry;
        if (this.#isUp) changed();
      },
      snapshotEnd: () => {
        this.#backOff.reset();
        this.#lastReason = undefined;
        this.#isUp = true;
        this.#hasSettled = true;
        logger.info({ namesrv: connection.address }, 'name server connected');
        changed();
        up();
      },
      end: (error) => {
        this.#ended(error);
      },
    });
  }

  stop(): void {
    this.#retry?.cancel();
    this.#endWatch?.();
    this.#isUp = false;
    this.connection.close();
  }

  /** Whether this name server has not shown this version or a newer one. */
  lacks(entry: KvEntry): boolean {
    const known = this.#versions.get(kvId(entry.namespace, entry.key));
    return known === undefined || compareVersions(known, entry.version) < 0;
  }

  /** How many keys it has shown, deleted ones among them. */
  get knownKeys(): number {
    return this.#versions.size;
  }

  #shown({ namespace, key, value, version }: KvEntry): void {
    const id = kvId(namespace, key);
    this.#versions.set(id, version);
    this.#deleted.delete(id);
    if (value !== undefined) return;
    this.#deleted.add(id);
    for (const oldest of this.#deleted) {
      if (this.#deleted.size <= MAX_DELETED_KEYS) return;
      this.#deleted.delete(oldest);
      this.#versions.delete(oldest);
    }
  }

  #ended(error: Error): void {
    const { connection, clock, logger, changed } = this.#options;
    const wasUp = this.#isUp;
    this.#isUp = false;
    this.#hasSettled = true;
    this.#registry = undefined;
    this.#versions.clear();
    this.#deleted.clear();
    const fields = { namesrv: connection.address, error: messageOf(error) };
    // Ports and times in it are no news.
    const reason = messageOf(error).replaceAll(/\d+/g, '');
    if (wasUp) logger.warn(fields, 'name server lost');
    else if (reason === this.#lastReason) logger.debug(fields, 'name server not reached');
    else if (isRefusal(error)) logger.warn(fields, 'name server refuses this node');
    else logger.info(fields, 'name server not reached');
    this.#lastReason = reason;
    this.#retry = clock.after(this.#backOff.next(), () => {
      this.start();
    });
    changed();
  }
}

/** An operator has to do something about it: the token, or the limit of those who watch. */
function isRefusal(error: Error): boolean {
  return error instanceof RpcError && REFUSALS.has(error.status);
}
