import type { StoreTable, TableStore } from '../../../../src/common/store-table.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import type { RemoteStoreOptions } from '../../../../src/lmq/remote/remote-options.ts';
import type { RemoteStore } from '../../../../src/lmq/remote/remote-store.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { createRoutedStore, type RoutedStore } from '../../../../src/lmq/routed/routed-store.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { clockOf, RemoteWorld } from '../remote/remote-world.ts';

export interface RoutedWorldOptions {
  readonly now?: () => number;
  readonly leaseMs?: number;
}

interface GraceOptions {
  readonly startGraceMs?: number;
}

/** A store of the table by its name. */
export function inTable(name: string, generation = 1, ...topics: string[]): TableStore {
  return { name, topics, generation };
}

/** Several stores behind servers on loopback, and gateways that are attached to all of them. */
export class RoutedWorld {
  readonly #options: Required<RoutedWorldOptions>;
  readonly #worlds = new Map<string, RemoteWorld>();
  readonly #gateways: RoutedStore[] = [];
  readonly #memory = new Map<string, LmqStore>();

  constructor({ now = () => Date.now(), leaseMs = 10_000 }: RoutedWorldOptions = {}) {
    this.#options = { now, leaseMs };
  }

  /** Serves a store that is started. */
  async serve(name: string, store: LmqStore): Promise<void> {
    await this.world(name).serve(store);
  }

  /** Serves a new store in memory under each name. */
  async serveMemory(...names: string[]): Promise<void> {
    for (const name of names) {
      await this.#memory.get(name)?.stop();
      const store = createMemoryStore();
      this.#memory.set(name, store);
      await this.serve(name, store);
    }
  }

  /** The newest store of `serveMemory` under the name. */
  memory(name: string): LmqStore {
    const store = this.#memory.get(name);
    if (store === undefined) throw new Error(`no store in memory is called ${name}`);
    return store;
  }

  world(name: string): RemoteWorld {
    let world = this.#worlds.get(name);
    if (world === undefined) {
      const { now, leaseMs } = this.#options;
      world = new RemoteWorld(now, leaseMs);
      this.#worlds.set(name, world);
    }
    return world;
  }

  /** A gateway that is not started. */
  gateway(
    table: StoreTable,
    { startGraceMs = 5_000, ...options }: Partial<RemoteStoreOptions> & GraceOptions = {},
  ): RoutedStore {
    const gateway = createRoutedStore({
      table,
      member: (name, place): RemoteStore => this.world(name).node({ ...options, ...place }),
      settleTimeoutMs: 2_000,
      startGraceMs,
      clock: clockOf(this.#options.now),
      logger: silentLogger,
    });
    this.#gateways.push(gateway);
    return gateway;
  }

  async attach(table: StoreTable, options: Partial<RemoteStoreOptions> = {}): Promise<RoutedStore> {
    const gateway = this.gateway(table, options);
    await gateway.start();
    return gateway;
  }

  /** Of the gateways that a store counts as living. */
  async generationsAt(name: string): Promise<number[]> {
    const { nodes } = await this.world(name).admin().getNodes();
    return nodes.map(({ generation }) => generation);
  }

  /** Stops the gateways, the servers and what `serveMemory` made; other stores are their owners'. */
  async dispose(): Promise<void> {
    await Promise.all(this.#gateways.map((gateway) => gateway.stop()));
    await Promise.all(Array.from(this.#worlds.values(), (world) => world.dispose()));
    for (const store of this.#memory.values()) await store.stop();
  }
}
