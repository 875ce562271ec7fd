import { hostname } from 'node:os';
import { ConfigError } from '../common/errors.ts';
import type { ClusterConf } from './config/cluster-conf.ts';
import { addressesOf, addressText } from './listen-addresses.ts';

/** Hosts that are every address of a machine, and so the address of none. */
const EVERY_ADDRESS: readonly string[] = ['0.0.0.0', '::'];
const NAMESRV_RPC_PORT = 9877;
/** Metadata of gRPC calls are printable ASCII. */
const NODE_NAME = /^[\x21-\x7e]{1,128}$/;

/**
 * What a node is called: by its port where nobody has named it, so that one that starts again is known for the
 * one before, whose sessions are free at once then.
 * @param port where it listens; 0 = anywhere
 */
export function nodeNameFrom(
  { nodeName }: Pick<ClusterConf, 'nodeName'>,
  port: number,
  pid: number,
): string {
  const ownName = port === 0 ? `${hostname()}-${String(pid)}` : `${hostname()}:${String(port)}`;
  const name = nodeName === '' ? ownName : nodeName;
  if (NODE_NAME.test(name)) return name;
  throw new ConfigError(
    'cluster.conf: nodeName is longer than 128 characters, or has some that are not printable ASCII',
  );
}

/**
 * The name servers, `host:port` each.
 * @throws ConfigError when the list names none, or names something that is no address
 */
export function namesrvAddressesFrom({
  namesrvAddr,
}: Pick<ClusterConf, 'namesrvAddr'>): readonly string[] {
  const list = namesrvAddr.replaceAll(';', ',');
  const addresses = addressesOf(list, NAMESRV_RPC_PORT, 'namesrvAddr', 'cluster.conf');
  return [...new Set(addresses.map(({ host, port }) => addressText(host, port)))];
}

/** The host that others are told for a listener. */
export function reachableHost(listenHost: string, told: string): string {
  if (told !== '') return told;
  return EVERY_ADDRESS.includes(listenHost) ? hostname() : listenHost;
}

/** An address as it is bound, as others can use it. */
export function reachableAddress(address: string): string {
  return address.replace(/^(0\.0\.0\.0|\[::\]):/, `${hostname()}:`);
}
