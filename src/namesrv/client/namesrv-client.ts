import { systemClock } from '../../common/clock.ts';
import type { Clock, Timer } from '../../common/clock.ts';
import type { Service } from '../../common/lifecycle.ts';
import type { Logger } from '../../common/logger.ts';
import type { RpcCredentials } from '../../rpc/credentials.ts';
import { RpcError, RpcStatus } from '../../rpc/rpc-status.ts';
import type { KvEntry } from '../kv-version.ts';
import { KvWatchers } from '../kv-watchers.ts';
import type {
  GatewayRegistration,
  KvChange,
  KvConfig,
  RegistryView,
  StoreRegistration,
} from '../types.ts';
import { VersionedTable } from '../versioned-table.ts';
import { KvReplicator } from './kv-replicator.ts';
import { KvWriter } from './kv-writer.ts';
import { RpcNamesrv } from './namesrv-connection.ts';
import type { NamesrvConnection } from './namesrv-connection.ts';
import { NamesrvLink } from './namesrv-link.ts';
import { Registrar } from './registrar.ts';
import type { RegistrationCalls } from './registrar.ts';
import { StoreDirectory } from './store-directory.ts';

export interface NamesrvClientOptions {
  /** `host:port` of the gRPC port of every name server, in the same order at every client. */
  readonly addresses: readonly string[];
  readonly credentials: RpcCredentials;
  /** Who asks: the name of the gateway or store. */
  readonly name: string;
  readonly clock?: Clock;
  readonly logger: Logger;
  /** How long `start` waits for the first name server; default 30,000. */
  readonly startTimeoutMs?: number;
  /** How long a write tries; default 5,000. */
  readonly writeTimeoutMs?: number;
  /** Deadline of one call; default 3,000. */
  readonly callTimeoutMs?: number;
  readonly keepAliveMs?: number;
  readonly keepAliveTimeoutMs?: number;
  /** Makes the connection to one name server; default over gRPC. */
  readonly connect?: (address: string) => NamesrvConnection;
}

const DEFAULT_START_TIMEOUT_MS = 30_000;
const DEFAULT_WRITE_TIMEOUT_MS = 5_000;
const DEFAULT_CALL_TIMEOUT_MS = 3_000;
const MAX_PENDING_WRITES = 10_000;
/** With one name server there, `start` gives the others this long. */
const SETTLE_MS = 1_000;
const POLL_MS = 10;
/** What one name server has shown, another gets from its writer within this; else from everybody. */
const REPAIR_DELAY_MS = 500;
/** As the name servers do. */
const MAX_DELETED_KEYS = 50_000;
const DELETED_KEY_MS = 7 * 24 * 3_600_000;

/**
 * The name servers of a cluster, to a gateway or store: KV config and registry of all of them together,
 * in memory. Goes on with its last knowledge while none answers; writes wait, and fail after a while.
 * Whatever one name server has and another lacks, it brings there.
 */
export class NamesrvClient implements KvConfig, RegistryView, Service {
  readonly #options: NamesrvClientOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #table = new VersionedTable();
  readonly #watchers: KvWatchers;
  readonly #directory = new StoreDirectory();
  readonly #writer: KvWriter;
  readonly #links: NamesrvLink[] = [];
  readonly #replicators = new Map<NamesrvLink, KvReplicator>();
  readonly #registrars = new Map<string, Registrar[]>();
  readonly #registryListeners = new Set<() => void>();
  #isStopped = false;

  constructor(options: NamesrvClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger;
    this.#watchers = new KvWatchers(options.logger);
    this.#writer = new KvWriter({
      connections: () => this.#upLinks().map(({ connection }) => connection),
      find: (namespace, key) => this.#table.find(namespace, key),
      learn: (entry) => {
        this.#learn([entry], 0);
      },
      clock: this.#clock,
      timeoutMs: options.writeTimeoutMs ?? DEFAULT_WRITE_TIMEOUT_MS,
      maxPending: MAX_PENDING_WRITES,
    });
  }

  /** Name servers that are connected now. */
  get connections(): number {
    return this.#upLinks().length;
  }

  /** Resolves when the table is known. @throws RpcError (rejection) when no name server answers in time */
  async start(): Promise<void> {
    for (const address of this.#options.addresses) this.#addLink(address);
    for (const link of this.#links) link.start();
    const startTimeoutMs = this.#options.startTimeoutMs ?? DEFAULT_START_TIMEOUT_MS;
    const isReady = await this.#settled(startTimeoutMs);
    if (isReady) return;
    if (this.#isStopped) throw new RpcError(RpcStatus.CANCELLED, 'stopped while starting');
    await this.stop();
    throw new RpcError(
      RpcStatus.UNAVAILABLE,
      `no name server has answered within ${String(startTimeoutMs)} ms: ${this.#options.addresses.join(', ')}`,
    );
  }

  /** Ends the registrations, too. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.unregister();
    this.#writer.stop();
    for (const replicator of this.#replicators.values()) replicator.stop();
    for (const link of this.#links) link.stop();
  }

  get(namespace: string, key: string): string | undefined {
    return this.#table.get(namespace, key);
  }

  list(namespace: string): ReadonlyMap<string, string> {
    return this.#table.list(namespace);
  }

  /** @throws RpcError (rejection) when no name server takes it in time */
  put(namespace: string, key: string, value: string): Promise<void> {
    return this.#writer.write(namespace, key, value);
  }

  /** @throws RpcError (rejection) as `put` */
  delete(namespace: string, key: string): Promise<void> {
    return this.#writer.write(namespace, key, undefined);
  }

  /** Safe beside other writers. @throws RpcError (rejection) as `put` */
  edit(
    namespace: string,
    key: string,
    change: (value: string | undefined) => string | undefined,
  ): Promise<void> {
    return this.#writer.edit(namespace, key, change);
  }

  watch(namespace: string, listener: (change: KvChange) => void): () => void {
    return this.#watchers.add(namespace, listener);
  }

  stores(): ReadonlyMap<string, StoreRegistration> {
    return this.#directory.stores;
  }

  gateways(): ReadonlyMap<string, GatewayRegistration> {
    return this.#directory.gateways;
  }

  onRegistryChanged(listener: () => void): () => void {
    this.#registryListeners.add(listener);
    return () => {
      this.#registryListeners.delete(listener);
    };
  }

  /** Registers a store at every name server from now on; again with other contents replaces it. */
  registerStore(store: StoreRegistration): void {
    const { name, epoch } = store;
    this.#register(`store ${name}`, {
      register: (connection) => connection.registerStore(store),
      unregister: (connection) => connection.unregisterStore(name, epoch),
    });
  }

  /** Registers a gateway at every name server from now on; again with other contents replaces it. */
  registerGateway(gateway: GatewayRegistration): void {
    const { name, epoch } = gateway;
    this.#register(`gateway ${name}`, {
      register: (connection) => connection.registerGateway(gateway),
      unregister: (connection) => connection.unregisterGateway(name, epoch),
    });
  }

  /** Ends all registrations, for a node that takes no more work; resolves when name servers know. */
  async unregister(): Promise<void> {
    const registrars = [...this.#registrars.values()].flat();
    this.#registrars.clear();
    await Promise.all(registrars.map((registrar) => registrar.stop()));
  }

  #register(id: string, calls: RegistrationCalls): void {
    for (const registrar of this.#registrars.get(id) ?? []) registrar.replace(calls);
    if (this.#registrars.has(id)) return;
    const registrars = this.#links.map(
      ({ connection }) => new Registrar(connection, calls, this.#clock, this.#logger),
    );
    this.#registrars.set(id, registrars);
    for (const registrar of registrars) registrar.now();
  }

  #upLinks(): NamesrvLink[] {
    return this.#links.filter(({ isUp }) => isUp);
  }

  #addLink(address: string): void {
    const { credentials, keepAliveMs, keepAliveTimeoutMs, name } = this.#options;
    const timeoutMs = this.#options.callTimeoutMs ?? DEFAULT_CALL_TIMEOUT_MS;
    const clock = this.#clock;
    const rpc = { credentials, keepAliveMs, keepAliveTimeoutMs, timeoutMs, clock };
    const connection = this.#options.connect?.(address) ?? new RpcNamesrv({ ...rpc, address });
    const index = this.#links.length;
    const link = new NamesrvLink({
      connection,
      name,
      entries: (entries) => {
        this.#learn(entries, REPAIR_DELAY_MS * (1 + Math.random()));
      },
      changed: () => {
        this.#registriesChanged();
      },
      up: () => {
        for (const registrars of this.#registrars.values()) registrars[index]?.now();
        for (const entry of this.#table.entries()) {
          this.#replicators.get(link)?.offer(entry, REPAIR_DELAY_MS * Math.random());
        }
      },
      clock,
      logger: this.#logger,
    });
    this.#links.push(link);
    this.#replicators.set(link, new KvReplicator(link, clock, this.#logger));
  }

  /** Takes over what is news, tells it, and has the name servers know that lack it. */
  #learn(entries: readonly KvEntry[], delayMs: number): void {
    for (const entry of entries) {
      const isNews = this.#table.merge(entry);
      // An entry written by this node (no delay) goes to the other name servers even when its watch has brought it already.
      if (!isNews && delayMs > 0) continue;
      for (const replicator of this.#replicators.values()) replicator.offer(entry, delayMs);
      if (!isNews) continue;
      this.#table.forgetDeleted(MAX_DELETED_KEYS, this.#clock.now() - DELETED_KEY_MS);
      const { namespace, key, value } = entry;
      this.#watchers.notify({ namespace, key, value });
    }
  }

  #registriesChanged(): void {
    const registries = this.#links.flatMap(({ registry }) => registry ?? []);
    if (!this.#directory.update(registries)) return;
    for (const listener of [...this.#registryListeners]) listener();
  }

  /** True once one name server is up and the others have had their chance; false when none comes up. */
  #settled(timeoutMs: number): Promise<boolean> {
    const startedMs = this.#clock.monotonic();
    let upSinceMs: number | undefined;
    return new Promise((resolve) => {
      const poll: Timer = this.#clock.every(POLL_MS, () => {
        const nowMs = this.#clock.monotonic();
        const isUp = this.connections > 0;
        if (isUp) upSinceMs ??= nowMs;
        const isAll = this.#links.every(({ hasSettled }) => hasSettled);
        const isReady = isUp && (isAll || nowMs - (upSinceMs ?? nowMs) >= SETTLE_MS);
        if (!isReady && !this.#isStopped && nowMs - startedMs < timeoutMs) return;
        poll.cancel();
        resolve(isReady && !this.#isStopped);
      });
    });
  }
}
