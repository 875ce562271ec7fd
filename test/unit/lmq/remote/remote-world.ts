import { systemClock, type Clock } from '../../../../src/common/clock.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { createRemoteStore } from '../../../../src/lmq/remote/create-remote-store.ts';
import type { RemoteStoreOptions } from '../../../../src/lmq/remote/remote-options.ts';
import type { RemoteStore } from '../../../../src/lmq/remote/remote-store.ts';
import { createStoreServer, type StoreServer } from '../../../../src/lmq/server/store-server.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { StoreAdminClient } from '../../../../src/rpc/store-admin-client.ts';

/** Timers of this world, wall clock of another one. */
export function clockOf(now: () => number): Clock {
  return { ...systemClock, now };
}

/** A store behind a server on loopback, and nodes that are attached to it. */
export class RemoteWorld {
  readonly #now: () => number;
  readonly #leaseMs: number;
  readonly #nodes: RemoteStore[] = [];
  readonly #admins: StoreAdminClient[] = [];
  #server: StoreServer | undefined;
  #port = 0;
  /** Where the nodes go instead of to the server itself. */
  address: string | undefined;

  constructor(now: () => number = () => Date.now(), leaseMs = 10_000) {
    this.#now = now;
    this.#leaseMs = leaseMs;
  }

  get server(): StoreServer {
    if (this.#server === undefined) throw new Error('no server');
    return this.#server;
  }

  /** Serves a store that is started, on the port of the server before. */
  async serve(store: LmqStore): Promise<StoreServer> {
    const server = createStoreServer({
      store,
      host: '127.0.0.1',
      port: this.#port,
      leaseMs: this.#leaseMs,
      credentials: {},
      clock: clockOf(this.#now),
      logger: silentLogger,
    });
    await server.start();
    this.#server = server;
    this.#port = server.port;
    return server;
  }

  /** A node that is not started. */
  node(options: Partial<RemoteStoreOptions> = {}): RemoteStore {
    const node = createRemoteStore({
      nodeName: `node ${String(this.#nodes.length + 1)}`,
      leaseMs: this.#leaseMs,
      clock: clockOf(this.#now),
      ...options,
      addresses: () => [this.address ?? `127.0.0.1:${String(this.#port)}`],
      credentials: {},
    });
    this.#nodes.push(node);
    return node;
  }

  async attach(options: Partial<RemoteStoreOptions> = {}): Promise<RemoteStore> {
    const node = this.node(options);
    await node.start();
    return node;
  }

  /** Of the server as it is now. */
  admin(): StoreAdminClient {
    const { address } = this.server;
    const admin = new StoreAdminClient({ address, credentials: {}, clock: systemClock });
    this.#admins.push(admin);
    return admin;
  }

  /** Stops the nodes and the server; the store is its owner's. */
  async dispose(): Promise<void> {
    for (const admin of this.#admins) admin.close();
    await Promise.all(this.#nodes.map((node) => node.stop()));
    await this.#server?.stop();
  }
}
