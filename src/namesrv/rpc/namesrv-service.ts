import type { NamesrvMethods } from '../../rpc/messages/namesrv-v1.ts';
import type { RpcImplementation } from '../../rpc/rpc-server.ts';
import { RpcError, RpcStatus } from '../../rpc/rpc-status.ts';
import type { KvEntry } from '../kv-version.ts';
import { KvConfigError } from '../server/kv-config-error.ts';
import { KvConflictError } from '../server/kv-config-table.ts';
import type { KvConfigTable } from '../server/kv-config-table.ts';
import type { Registry } from '../server/registry.ts';
import {
  conditionFromMessage,
  entryFromMessage,
  entryToMessage,
  gatewayFromMessage,
  storeFromMessage,
} from './messages.ts';
import type { Watchers } from './watchers.ts';

/** The name server's part in `proto/lmqtt/namesrv/v1/namesrv.proto`. */
export function namesrvService(
  kv: KvConfigTable,
  registry: Registry,
  watchers: Watchers,
): RpcImplementation<NamesrvMethods> {
  const lease = () => ({ renewAfterMs: registry.renewAfterMs, leaseMs: registry.leaseMs });
  return {
    registerStore: ({ store }) => {
      registry.stores.register(storeFromMessage(store));
      return lease();
    },
    unregisterStore: ({ name, epoch }) => {
      registry.stores.unregister(name, epoch);
      return {};
    },
    registerGateway: ({ gateway }) => {
      registry.gateways.register(gatewayFromMessage(gateway));
      return lease();
    },
    unregisterGateway: ({ name, epoch }) => {
      registry.gateways.unregister(name, epoch);
      return {};
    },
    watch: (call) => {
      watchers.serve(call);
    },
    ...kvMethods(kv),
  };
}

type KvMethod = 'putKv' | 'deleteKv' | 'getKv' | 'listKv' | 'mergeKv';

function kvMethods(kv: KvConfigTable): Pick<RpcImplementation<NamesrvMethods>, KvMethod> {
  return {
    putKv: ({ namespace, key, value, condition }) =>
      answered(kv.write(namespace, key, value, conditionFromMessage(condition))),
    deleteKv: ({ namespace, key, condition }) =>
      answered(kv.write(namespace, key, undefined, conditionFromMessage(condition))),
    getKv: ({ namespace, key }) => {
      const entry = kv.find(namespace, key);
      if (entry === undefined) {
        throw new RpcError(RpcStatus.NOT_FOUND, `no key "${key}" in namespace "${namespace}"`);
      }
      return entryToMessage({ namespace, key, ...entry });
    },
    listKv: ({ namespace }) => ({ entries: listed(kv.entriesOf(namespace)).map(entryToMessage) }),
    mergeKv: async ({ entries }) => {
      return { merged: await kv.merge(entries.map(entryFromMessage)).catch(rethrow) };
    },
  };
}

function listed(entries: Iterable<KvEntry>): KvEntry[] {
  return [...entries].filter(({ value }) => value !== undefined);
}

async function answered(written: Promise<KvEntry>) {
  return entryToMessage(await written.catch(rethrow));
}

/** @throws RpcError what the table refuses, with the status that says whether to try again */
function rethrow(error: unknown): never {
  if (!(error instanceof KvConfigError)) throw error;
  throw new RpcError(statusFor(error), error.message, { cause: error });
}

function statusFor(error: KvConfigError): RpcStatus {
  if (error instanceof KvConflictError) return RpcStatus.ABORTED;
  return error.retryable ? RpcStatus.UNAVAILABLE : RpcStatus.FAILED_PRECONDITION;
}
