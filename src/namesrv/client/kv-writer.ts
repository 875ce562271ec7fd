import type { Clock } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import { RpcError, RpcStatus } from '../../rpc/rpc-status.ts';
import { isNewer, kvId } from '../kv-version.ts';
import type { KvEntry } from '../kv-version.ts';
import type { VersionedValue } from '../versioned-table.ts';
import { BackOff } from '../../common/back-off.ts';
import type { NamesrvConnection, WriteCondition } from './namesrv-connection.ts';

export interface KvWriterOptions {
  /** Name servers that are up, in the order in which every client has them. */
  readonly connections: () => readonly NamesrvConnection[];
  /** What this client knows of a key. */
  readonly find: (namespace: string, key: string) => VersionedValue | undefined;
  /** Has an entry taken over. */
  readonly learn: (entry: KvEntry) => void;
  readonly clock: Clock;
  /** How long a write tries. */
  readonly timeoutMs: number;
  readonly maxPending: number;
}

type Change = (value: string | undefined) => string | undefined;

interface WaitingEdit {
  readonly changes: Change[];
  readonly done: Promise<void>;
}

const FIRST_BACK_OFF_MS = 20;
const MAX_BACK_OFF_MS = 1_000;

/**
 * Writes to the first name server that takes it. All clients have them in the same order, so as long as
 * they reach the same ones, writes of one key meet at one name server, which orders them.
 */
export class KvWriter {
  readonly #options: KvWriterOptions;
  /** Edits that have not begun, and the one under way, of each key. */
  readonly #waiting = new Map<string, WaitingEdit>();
  readonly #running = new Map<string, Promise<void>>();
  #pending = 0;
  #isStopped = false;

  constructor(options: KvWriterOptions) {
    this.#options = options;
  }

  /** @throws RpcError (rejection) when none takes it in time, or one refuses it for good */
  write(namespace: string, key: string, value: string | undefined): Promise<void> {
    return this.#counted(() =>
      this.#trying(async (connection) => {
        this.#options.learn(await connection.write(namespace, key, value, undefined));
      }),
    );
  }

  /**
   * Writes what `change` makes of the value there is, again and again until nobody was faster. Edits of one
   * key that come while one is under way are written together.
   */
  edit(namespace: string, key: string, change: Change): Promise<void> {
    return this.#counted(() => {
      const id = kvId(namespace, key);
      let edit = this.#waiting.get(id);
      if (edit === undefined) {
        const changes: Change[] = [];
        edit = { changes, done: this.#editAfter(this.#running.get(id), namespace, key, changes) };
        this.#waiting.set(id, edit);
      }
      edit.changes.push(change);
      return edit.done;
    });
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #editAfter(
    previous: Promise<void> | undefined,
    namespace: string,
    key: string,
    changes: readonly Change[],
  ): Promise<void> {
    const id = kvId(namespace, key);
    await Promise.allSettled([previous]);
    const done = this.#edit(namespace, key, (value) =>
      changes.reduce((changed, change) => change(changed), value),
    );
    this.#running.set(id, done);
    this.#waiting.delete(id);
    try {
      await done;
    } finally {
      if (this.#running.get(id) === done) this.#running.delete(id);
    }
  }

  #edit(namespace: string, key: string, change: Change): Promise<void> {
    let base = this.#options.find(namespace, key);
    return this.#trying(async (connection) => {
      const value = change(base?.value);
      if (value === base?.value) return;
      const condition: WriteCondition = { version: base?.version };
      try {
        this.#options.learn(await connection.write(namespace, key, value, condition));
      } catch (error) {
        // Each failed attempt, whatever its reason, begins anew with what this name server has.
        base = await this.#meet(connection, namespace, key);
        throw error;
      }
    });
  }

  /** Has this client and the name server know the same of a key. */
  async #meet(
    connection: NamesrvConnection,
    namespace: string,
    key: string,
  ): Promise<VersionedValue | undefined> {
    let entry = await connection.find(namespace, key);
    const known = this.#options.find(namespace, key);
    if (known !== undefined && isNewer(known, entry)) {
      await connection.merge([{ namespace, key, ...known }]);
      entry = await connection.find(namespace, key);
    }
    if (entry !== undefined) this.#options.learn(entry);
    return entry;
  }

  async #trying(attempt: (connection: NamesrvConnection) => Promise<void>): Promise<void> {
    const { clock, timeoutMs } = this.#options;
    const endMs = clock.monotonic() + timeoutMs;
    const backOff = new BackOff(FIRST_BACK_OFF_MS, MAX_BACK_OFF_MS);
    for (;;) {
      const error = await this.#attempt(attempt);
      if (error === undefined) return;
      if (this.#isStopped || clock.monotonic() >= endMs) throw error;
      await new Promise<void>((resolve) => {
        clock.after(backOff.next(), resolve, true);
      });
    }
  }

  /** Bounds the writes that wait. */
  async #counted(write: () => Promise<void>): Promise<void> {
    if (this.#pending >= this.#options.maxPending) {
      throw new RpcError(RpcStatus.RESOURCE_EXHAUSTED, 'too many writes wait for a name server');
    }
    this.#pending += 1;
    try {
      await write();
    } finally {
      this.#pending -= 1;
    }
  }

  /** One round over the name servers; undefined when one of them took it. @throws RpcError refused for good */
  async #attempt(
    attempt: (connection: NamesrvConnection) => Promise<void>,
  ): Promise<RpcError | undefined> {
    const reasons: string[] = [];
    for (const connection of this.#options.connections()) {
      try {
        await attempt(connection);
        return undefined;
      } catch (error) {
        if (!(error instanceof RpcError) || !error.retryable) throw error;
        reasons.push(messageOf(error));
        // Somebody was faster: the next attempt is again at this name server.
        if (error.status === RpcStatus.ABORTED) break;
      }
    }
    const reason = reasons.length === 0 ? 'no name server is connected' : reasons.join('; ');
    return new RpcError(RpcStatus.UNAVAILABLE, `not written: ${reason}`);
  }
}
