import type { Clock, Timer } from '../../../src/common/clock.ts';
import { silentLogger } from '../../../src/common/logger.ts';
import { NamesrvClient } from '../../../src/namesrv/client/namesrv-client.ts';
import type {
  NamesrvConnection,
  WatchListener,
} from '../../../src/namesrv/client/namesrv-connection.ts';
import { compareVersions } from '../../../src/namesrv/kv-version.ts';
import type { KvEntry } from '../../../src/namesrv/kv-version.ts';
import { VersionedTable } from '../../../src/namesrv/versioned-table.ts';
import { RpcError, RpcStatus } from '../../../src/rpc/rpc-status.ts';

const STEP_MS = 50;

/** Time that goes when it is told to. */
export class SimulatedClock implements Clock {
  #nowMs = 1_000_000;
  readonly #timers = new Set<{ dueMs: number; everyMs: number | undefined; run: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  every(everyMs: number, run: () => void): Timer {
    return this.#add({ dueMs: this.#nowMs + everyMs, everyMs, run });
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#add({ dueMs: this.#nowMs + delayMs, everyMs: undefined, run });
  }

  /** Lets time go, and everything that it sets off come to rest. */
  async advance(ms: number): Promise<void> {
    for (let gone = 0; gone < ms; gone += STEP_MS) {
      this.#nowMs += STEP_MS;
      for (const timer of [...this.#timers]) {
        if (timer.dueMs > this.#nowMs) continue;
        if (timer.everyMs === undefined) this.#timers.delete(timer);
        else timer.dueMs = this.#nowMs + timer.everyMs;
        timer.run();
      }
      await settle();
    }
  }

  #add(timer: { dueMs: number; everyMs: number | undefined; run: () => void }): Timer {
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
}

/** A name server without network and disk. */
export class SimulatedNamesrv {
  table: VersionedTable = new VersionedTable();
  readonly #name: string;
  readonly #clock: Clock;
  readonly #skewMs: number;
  readonly #watches = new Set<{ client: string; listener: WatchListener }>();
  readonly #cutOff = new Set<string>();
  #life = 1;

  /** @param skewMs how wrong its clock is */
  constructor(name: string, clock: Clock, skewMs: number) {
    this.#name = name;
    this.#clock = clock;
    this.#skewMs = skewMs;
  }

  /** From now on this client cannot reach it. */
  cutOff(client: string): void {
    this.#cutOff.add(client);
    for (const watch of this.#watches) if (watch.client === client) this.#end(watch);
  }

  /** Another one in each life, as the real one has it. */
  get #writer(): string {
    return `${this.#name} ${String(this.#life)}`;
  }

  heal(): void {
    this.#cutOff.clear();
  }

  restart(withDisk: boolean): void {
    this.#life++;
    if (!withDisk) this.table = new VersionedTable();
    for (const watch of this.#watches) this.#end(watch);
  }

  connect(client: string): NamesrvConnection {
    const reached = async (): Promise<void> => {
      await Promise.resolve();
      if (this.#cutOff.has(client)) throw new RpcError(RpcStatus.UNAVAILABLE, 'cut off');
    };
    return {
      address: this.#name,
      watch: (_name, listener) => this.#watch(client, listener),
      write: async (namespace, key, value, condition) => {
        await reached();
        const previous = this.table.find(namespace, key);
        const isExpected =
          condition === undefined ||
          (previous === undefined || condition.version === undefined
            ? previous?.version === condition.version
            : compareVersions(previous.version, condition.version) === 0);
        if (!isExpected) throw new RpcError(RpcStatus.ABORTED, 'changed');
        const timeMs = Math.max(
          this.#clock.now() + this.#skewMs,
          (previous?.version.timeMs ?? 0) + 1,
        );
        const entry = { namespace, key, value, version: { timeMs, writer: this.#writer } };
        this.#take(entry);
        await reached();
        return entry;
      },
      find: async (namespace, key) => {
        await reached();
        const entry = this.table.find(namespace, key);
        return entry === undefined ? undefined : { namespace, key, ...entry };
      },
      merge: async (entries) => {
        await reached();
        for (const entry of entries) this.#take(entry);
      },
      registerStore: () => Promise.resolve(1_000_000),
      registerGateway: () => Promise.resolve(1_000_000),
      unregisterStore: () => Promise.resolve(),
      unregisterGateway: () => Promise.resolve(),
      close: () => undefined,
    };
  }

  #take(entry: KvEntry): void {
    if (!this.table.merge(entry)) return;
    for (const { listener } of [...this.#watches]) listener.entries([entry]);
  }

  #watch(client: string, listener: WatchListener): () => void {
    const watch = { client, listener };
    void Promise.resolve().then(() => {
      if (this.#cutOff.has(client)) {
        listener.end(new Error('cut off'));
        return;
      }
      this.#watches.add(watch);
      listener.entries([...this.table.entries()]);
      listener.snapshotEnd();
    });
    return () => {
      this.#watches.delete(watch);
    };
  }

  #end(watch: { listener: WatchListener }): void {
    for (const known of this.#watches) if (known === watch) this.#watches.delete(known);
    watch.listener.end(new Error('lost'));
  }
}

/** A client of all of them, started. */
export async function clientOf(
  servers: readonly SimulatedNamesrv[],
  name: string,
  clock: SimulatedClock,
): Promise<NamesrvClient> {
  const client = new NamesrvClient({
    addresses: servers.map((_server, index) => String(index)),
    credentials: {},
    name,
    clock,
    logger: silentLogger,
    connect: (address) => servers[Number(address)]!.connect(name),
  });
  const started = client.start();
  await clock.advance(100);
  await started;
  return client;
}

/** Contents, to compare. */
export function contentsOf(table: {
  list(namespace: string): ReadonlyMap<string, string>;
}): object {
  return Object.fromEntries([...table.list('LMQ')].sort());
}
