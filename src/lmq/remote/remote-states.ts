import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import type { ScanReply, StateChange, Write } from '../../rpc/messages/store-v1.ts';
import type { StateSpace } from '../spi/types.ts';
import type { BatchWriter } from './batch-writer.ts';
import type { CommitWindow } from './commit-window.ts';
import { SCAN_PAGE } from './remote-options.ts';
import { unexpected, type RequestTable } from './request-table.ts';
import { WatchedSpace } from './watched-space.ts';

interface StateRecord {
  readonly key: string;
  readonly value: Buffer;
}

/** State records: writes go with the batches, reads are asked for, changes by others are told. */
export class RemoteStates {
  readonly #requests: RequestTable;
  readonly #commits: CommitWindow;
  readonly #writer: BatchWriter;
  readonly #logger: Logger;
  readonly #watched = new Map<number, WatchedSpace>();
  /** Counts connections. */
  #connection = 0;

  constructor(requests: RequestTable, commits: CommitWindow, writer: BatchWriter, logger: Logger) {
    this.#requests = requests;
    this.#commits = commits;
    this.#writer = writer;
    this.#logger = logger;
  }

  put(space: StateSpace, key: string, value: Buffer): void {
    const copy = Buffer.from(value);
    this.#writer.write({ putState: { space, key, value: copy } }, key.length + copy.length);
    this.#watched.get(space)?.wrote(key, true);
  }

  delete(space: StateSpace, key: string): void {
    this.#writer.write({ deleteState: { space, key } }, key.length);
    this.#watched.get(space)?.wrote(key, false);
  }

  get(space: StateSpace, key: string): Promise<Buffer | undefined> {
    return this.#requests.ask(
      { getState: { space, key } },
      this.#commits.lastWritten,
      (reply) => (reply.state ?? unexpected(reply)).value,
    );
  }

  /** In a watched space without what is older than the changes that have been told. */
  async *scan(space: StateSpace, after?: string): AsyncGenerator<StateRecord> {
    const watched = this.#watched.get(space);
    if (watched === undefined) {
      yield* this.#pages(space, after);
      return;
    }
    const touched = watched.beginScan(this.#unsettledKeys(space));
    try {
      for await (const entry of this.#pages(space, after)) {
        if (touched.has(entry.key)) continue;
        watched.scanned(entry.key);
        yield entry;
      }
    } finally {
      watched.endScan(touched);
    }
  }

  async watch(
    space: StateSpace,
    listener: (key: string, value: Buffer | undefined) => void,
  ): Promise<void> {
    // Changes may come before the answer.
    this.#watched.set(space, new WatchedSpace(listener));
    await this.#requests.ask({ watchSpace: space }, this.#commits.lastWritten, (reply) => {
      if (reply.done === undefined) unexpected(reply);
    });
  }

  changed({ space, key, value }: StateChange): void {
    this.#watched.get(space)?.changed(key, value);
  }

  /** For a hello. */
  greet(): readonly number[] {
    return [...this.#watched.keys()];
  }

  /** The connection is gone, and changes may be missed. */
  lost(): void {
    this.#connection++;
  }

  /** Changes come again: finds those that were missed. */
  rejoined(): void {
    for (const [space, watched] of this.#watched) void this.#resync(space, watched);
  }

  async #resync(space: number, watched: WatchedSpace): Promise<void> {
    const connection = this.#connection;
    try {
      await watched.resync(
        this.#pages(space, undefined),
        this.#unsettledKeys(space),
        () => connection === this.#connection,
      );
    } catch (error) {
      if (this.#commits.failure !== undefined || connection !== this.#connection) return;
      this.#logger.warn({ space, error: messageOf(error) }, 'state not read again, once more');
      await this.#resync(space, watched);
    }
  }

  /** The next page is asked for while one is looked at. */
  async *#pages(space: number, after: string | undefined): AsyncGenerator<StateRecord> {
    let page = this.#page(space, after);
    for (;;) {
      const { entries, more } = await page;
      const last = entries.at(-1);
      const next = more && last !== undefined ? this.#page(space, last.key) : undefined;
      // Whoever leaves the scan early does not wait for it.
      next?.catch(() => undefined);
      yield* entries;
      if (next === undefined) return;
      page = next;
    }
  }

  #page(space: number, after: string | undefined): Promise<ScanReply> {
    const scanState = {
      space,
      after: after ?? '',
      fromStart: after === undefined,
      limit: SCAN_PAGE,
    };
    return this.#requests.ask({ scanState }, 0, (reply) => reply.scan ?? unexpected(reply));
  }

  *#unsettledKeys(space: number): Generator<string> {
    for (const { writes } of this.#commits.unsettled) yield* keysOf(writes, space);
    yield* keysOf(this.#writer.openWrites, space);
  }
}

function* keysOf(writes: readonly Write[], space: number): Generator<string> {
  for (const { putState, deleteState } of writes) {
    const written = putState ?? deleteState;
    if (written?.space === space) yield written.key;
  }
}
