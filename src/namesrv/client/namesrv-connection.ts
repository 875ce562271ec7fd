import type { Clock } from '../../common/clock.ts';
import type { RpcConnectionOptions } from '../../rpc/channel-options.ts';
import type { RpcCredentials } from '../../rpc/credentials.ts';
import type { Registry, WatchEvent } from '../../rpc/messages/namesrv-v1.ts';
import { RpcClient } from '../../rpc/rpc-client.ts';
import { RpcError, rpcErrorOf, RpcStatus } from '../../rpc/rpc-status.ts';
import type { KvEntry, KvVersion } from '../kv-version.ts';
import { entryFromMessage, entryToMessage, NAMESRV_SERVICE } from '../rpc/messages.ts';
import type { GatewayRegistration, StoreRegistration } from '../types.ts';

/** Events of one watch of one name server. */
export interface WatchListener {
  readonly entries: (entries: readonly KvEntry[]) => void;
  readonly registry: (registry: Registry) => void;
  /** Everything has been told once. */
  readonly snapshotEnd: () => void;
  /** The watch is over; told once, nothing follows. */
  readonly end: (error: Error) => void;
}

/** A write that is to fail with ABORTED unless the entry has this version (undefined: never written). */
export interface WriteCondition {
  readonly version: KvVersion | undefined;
}

/** One name server, as its clients talk to it. Calls reject with RpcError. */
export interface NamesrvConnection {
  readonly address: string;
  /** Returns what ends the watch; `end` is not told then. */
  watch(name: string, listener: WatchListener): () => void;
  /** Puts a value, or deletes with an undefined one; resolves with the entry when it is on disk. */
  write(
    namespace: string,
    key: string,
    value: string | undefined,
    condition: WriteCondition | undefined,
  ): Promise<KvEntry>;
  /** Undefined when there is none and no deletion is remembered. */
  find(namespace: string, key: string): Promise<KvEntry | undefined>;
  merge(entries: readonly KvEntry[]): Promise<void>;
  /** Registers or renews; resolves with when to renew, in milliseconds from now. */
  registerStore(store: StoreRegistration): Promise<number>;
  registerGateway(gateway: GatewayRegistration): Promise<number>;
  unregisterStore(name: string, epoch: number): Promise<void>;
  unregisterGateway(name: string, epoch: number): Promise<void>;
  close(): void;
}

export interface RpcNamesrvOptions extends RpcConnectionOptions {
  readonly address: string;
  readonly credentials: RpcCredentials;
  /** Deadline of each call. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** A name server over gRPC. */
export class RpcNamesrv implements NamesrvConnection {
  readonly address: string;
  readonly #client: RpcClient;
  readonly #time: { readonly timeoutMs: number };

  constructor(options: RpcNamesrvOptions) {
    this.address = options.address;
    this.#client = new RpcClient(options);
    this.#time = { timeoutMs: options.timeoutMs };
  }

  watch(name: string, listener: WatchListener): () => void {
    const call = this.#client.serverStream(NAMESRV_SERVICE.watch, { name, namespaces: [] });
    let isOver = false;
    const end = (error: Error): void => {
      if (isOver) return;
      isOver = true;
      call.cancel();
      listener.end(error);
    };
    call.on('data', (event: WatchEvent) => {
      if (!isOver) tell(event, listener);
    });
    call.on('error', (error) => {
      end(rpcErrorOf(error as Parameters<typeof rpcErrorOf>[0], this.address));
    });
    call.on('end', () => {
      end(new RpcError(RpcStatus.UNAVAILABLE, `${this.address}: the watch has ended`));
    });
    return () => {
      isOver = true;
      call.cancel();
    };
  }

  async write(
    namespace: string,
    key: string,
    value: string | undefined,
    condition: WriteCondition | undefined,
  ): Promise<KvEntry> {
    const request = { namespace, key, condition };
    const entry =
      value === undefined
        ? await this.#client.unary(NAMESRV_SERVICE.deleteKv, request, this.#time)
        : await this.#client.unary(NAMESRV_SERVICE.putKv, { ...request, value }, this.#time);
    return entryFromMessage(entry);
  }

  async find(namespace: string, key: string): Promise<KvEntry | undefined> {
    try {
      const request = { namespace, key };
      return entryFromMessage(await this.#client.unary(NAMESRV_SERVICE.getKv, request, this.#time));
    } catch (error) {
      if (error instanceof RpcError && error.status === RpcStatus.NOT_FOUND) return undefined;
      throw error;
    }
  }

  async merge(entries: readonly KvEntry[]): Promise<void> {
    const request = { entries: entries.map(entryToMessage) };
    await this.#client.unary(NAMESRV_SERVICE.mergeKv, request, this.#time);
  }

  async registerStore(store: StoreRegistration): Promise<number> {
    const method = NAMESRV_SERVICE.registerStore;
    return (await this.#client.unary(method, { store }, this.#time)).renewAfterMs;
  }

  async registerGateway(gateway: GatewayRegistration): Promise<number> {
    const method = NAMESRV_SERVICE.registerGateway;
    return (await this.#client.unary(method, { gateway }, this.#time)).renewAfterMs;
  }

  async unregisterStore(name: string, epoch: number): Promise<void> {
    await this.#client.unary(NAMESRV_SERVICE.unregisterStore, { name, epoch }, this.#time);
  }

  async unregisterGateway(name: string, epoch: number): Promise<void> {
    await this.#client.unary(NAMESRV_SERVICE.unregisterGateway, { name, epoch }, this.#time);
  }

  close(): void {
    this.#client.close();
  }
}

function tell(event: WatchEvent, listener: WatchListener): void {
  if (event.entries.length > 0) listener.entries(event.entries.map(entryFromMessage));
  if (event.registry) listener.registry(event.registry);
  if (event.endOfSnapshot) listener.snapshotEnd();
}
