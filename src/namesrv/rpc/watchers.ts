import type { Logger } from '../../common/logger.ts';
import type { WatchEvent, WatchRequest } from '../../rpc/messages/namesrv-v1.ts';
import type { ServerWritableStream } from '../../rpc/rpc-server.ts';
import { RpcError, RpcStatus } from '../../rpc/rpc-status.ts';
import { statusOf } from '../../rpc/rpc-server.ts';
import type { KvConfigTable } from '../server/kv-config-table.ts';
import type { Registry } from '../server/registry.ts';
import { entryToMessage } from './messages.ts';
import { WatchStream } from './watch-stream.ts';
import type { WatchSource } from './watch-stream.ts';

export interface WatchersOptions {
  readonly kv: KvConfigTable;
  readonly registry: Registry;
  readonly maxWatchers: number;
  readonly logger: Logger;
}

type WatchCall = ServerWritableStream<WatchRequest, WatchEvent>;

const MAX_NAMESPACES = 64;

/** Those who watch this name server. */
export class Watchers {
  readonly #options: WatchersOptions;
  readonly #calls = new Set<WatchCall>();

  constructor(options: WatchersOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** Serves one watch until its caller goes. */
  serve(call: WatchCall): void {
    const { name } = call.request;
    const namespaces = new Set(call.request.namespaces);
    try {
      this.#requireRoom(namespaces.size);
    } catch (error) {
      call.emit('error', statusOf(error));
      return;
    }
    const { kv, registry, logger } = this.#options;
    const stream = new WatchStream(call, sourceOf(kv, registry));
    const isWatched = (namespace: string): boolean =>
      namespaces.size === 0 || namespaces.has(namespace);
    const stops = [
      kv.watchAll(({ namespace, key }) => {
        if (isWatched(namespace)) stream.changed(namespace, key);
      }),
      registry.onChange(() => {
        stream.registryChanged();
      }),
    ];
    const end = (): void => {
      if (!this.#calls.delete(call)) return;
      for (const stop of stops) stop();
      logger.debug({ watcher: name, peer: call.getPeer() }, 'watcher gone');
    };
    this.#calls.add(call);
    call.on('drain', () => {
      stream.drained();
    });
    call.on('cancelled', end);
    call.on('close', end);
    call.on('error', end);
    logger.debug({ watcher: name, peer: call.getPeer() }, 'watcher registered');
    stream.begin(keysOf(kv, isWatched));
  }

  /** Ends every watch, so that the watchers turn to another name server at once. */
  stop(): void {
    const ended = statusOf(new RpcError(RpcStatus.UNAVAILABLE, 'the name server stops'));
    for (const call of [...this.#calls]) call.emit('error', ended);
  }

  #requireRoom(namespaces: number): void {
    const { maxWatchers } = this.#options;
    if (this.#calls.size >= maxWatchers) {
      throw new RpcError(
        RpcStatus.RESOURCE_EXHAUSTED,
        `there are ${String(maxWatchers)} watchers already, which is the limit`,
      );
    }
    if (namespaces > MAX_NAMESPACES) {
      throw new RpcError(
        RpcStatus.INVALID_ARGUMENT,
        `at most ${String(MAX_NAMESPACES)} namespaces can be watched`,
      );
    }
  }
}

function sourceOf(kv: KvConfigTable, registry: Registry): WatchSource {
  return {
    entry: (namespace, key) => {
      const entry = kv.find(namespace, key);
      return entry === undefined ? undefined : entryToMessage({ namespace, key, ...entry });
    },
    registry: () => ({
      stores: registry.stores.list(),
      gateways: registry.gateways.list(),
      isWarmingUp: registry.isWarmingUp,
    }),
  };
}

function keysOf(
  kv: KvConfigTable,
  isWatched: (namespace: string) => boolean,
): ReadonlyMap<string, Set<string>> {
  const keys = new Map<string, Set<string>>();
  for (const { namespace, key } of kv.entries()) {
    if (!isWatched(namespace)) continue;
    const names = keys.get(namespace) ?? new Set();
    keys.set(namespace, names);
    names.add(key);
  }
  return keys;
}
