/** What is on the wire and what is in memory. */
import { loadService } from '../../rpc/proto.ts';
import type { RpcService } from '../../rpc/proto.ts';
import { RpcError, RpcStatus } from '../../rpc/rpc-status.ts';
import type {
  Gateway,
  KvCondition,
  KvEntry as KvEntryMessage,
  NamesrvMethods,
  Store,
  Version,
} from '../../rpc/messages/namesrv-v1.ts';
import type { KvEntry, KvVersion } from '../kv-version.ts';
import { OLDEST_VERSION } from '../kv-version.ts';
import type { GatewayRegistration, StoreRegistration } from '../types.ts';

/** The service of `proto/lmqtt/namesrv/v1/namesrv.proto`. */
export const NAMESRV_SERVICE: RpcService<NamesrvMethods> = loadService<NamesrvMethods>(
  'lmqtt.namesrv.v1.Namesrv',
);

const MAX_NAME_LENGTH = 255;
const MAX_ADDRESS_LENGTH = 512;
const MAX_ADDRESSES = 64;
const MAX_TOPICS_LENGTH = 256 * 1024;
const MAX_WRITER_LENGTH = 64;

export function entryToMessage({ namespace, key, value, version }: KvEntry): KvEntryMessage {
  return { namespace, key, value, version };
}

/** @throws RpcError INVALID_ARGUMENT when the version is none */
export function entryFromMessage(message: KvEntryMessage): KvEntry {
  const { namespace, key, value, version } = message;
  return { namespace, key, value, version: versionFromMessage(version ?? OLDEST_VERSION) };
}

/** @throws RpcError INVALID_ARGUMENT when the version is none */
export function conditionFromMessage(
  condition: KvCondition | null | undefined,
): { readonly version: KvVersion | undefined } | undefined {
  if (condition === null || condition === undefined) return undefined;
  const { version } = condition;
  if (version === null || version === undefined) return { version: undefined };
  return { version: versionFromMessage(version) };
}

function versionFromMessage({ timeMs, writer }: Version): KvVersion {
  if (!Number.isSafeInteger(timeMs + 1) || timeMs < 0 || writer.length > MAX_WRITER_LENGTH) {
    throw invalid('no version of an entry');
  }
  return { timeMs, writer };
}

/** @throws RpcError INVALID_ARGUMENT naming what is wrong */
export function storeFromMessage(store: Store | null | undefined): StoreRegistration {
  if (store === null || store === undefined) throw invalid('store is missing');
  requireName(store.name);
  requireAddress(store.address);
  const { topics, minProtocolVersion, protocolVersion } = store;
  if (minProtocolVersion > protocolVersion) throw invalid('protocol versions are reversed');
  const topicsLength = topics.reduce((sum, topic) => sum + topic.length + 1, 0);
  if (topicsLength > MAX_TOPICS_LENGTH) throw invalid('the list of topics is too long');
  if (topics.some((topic) => topic.includes('/'))) throw invalid('topics are first levels only');
  return store;
}

/** @throws RpcError INVALID_ARGUMENT naming what is wrong */
export function gatewayFromMessage(gateway: Gateway | null | undefined): GatewayRegistration {
  if (gateway === null || gateway === undefined) throw invalid('gateway is missing');
  requireName(gateway.name);
  if (gateway.addresses.length > MAX_ADDRESSES) throw invalid('too many addresses');
  gateway.addresses.forEach(requireAddress);
  if (gateway.rpcAddress !== '') requireAddress(gateway.rpcAddress);
  return gateway;
}

/** Names stand in comma lists and in tables of the admin tool. */
function requireName(name: string): void {
  // eslint-disable-next-line no-control-regex -- control characters are what must not be there
  if (name === '' || name.length > MAX_NAME_LENGTH || /[,\s\u0000-\u001f]/.test(name)) {
    throw invalid(`"${name.slice(0, MAX_NAME_LENGTH)}" is no name: no spaces, commas; at most 255`);
  }
}

function requireAddress(address: string): void {
  if (address.length > MAX_ADDRESS_LENGTH || !/^[^\s,]+:\d{1,5}(\/\S*)?$/.test(address)) {
    throw invalid(`"${address.slice(0, MAX_ADDRESS_LENGTH)}" is no address; write host:port`);
  }
}

function invalid(message: string): RpcError {
  return new RpcError(RpcStatus.INVALID_ARGUMENT, message);
}
