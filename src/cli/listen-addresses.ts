import { ConfigError } from '../common/errors.ts';
import type { ListenAddress } from '../gateway/options.ts';

export { addressText } from '../common/address-text.ts';
export { isLoopback } from '../common/loopback.ts';

const BRACKETS = /^\[([^\]]*)\](?::(.*))?$/;
const IPV6_CHARACTERS = /^[\da-f:.]+(%\w+)?$/i;
const PORT = /^\d{1,5}$/;
const MAX_PORT = 65535;

/**
 * Addresses of a comma list: `host`, `host:port`, `[IPv6]`, `[IPv6]:port` or a bare IPv6 address.
 * @param key where the list is from, for messages
 * @param file its file, for messages
 * @throws ConfigError when the list names nothing, or a port is none
 */
export function addressesOf(
  list: string,
  defaultPort: number,
  key: string,
  file = 'connect.conf',
): ListenAddress[] {
  const entries = list
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (entries.length === 0) throw new ConfigError(`${file}: ${key} names no address`);
  return entries.map((entry) => addressOf(entry, defaultPort, `${file}: ${key}`));
}

function addressOf(entry: string, defaultPort: number, where: string): ListenAddress {
  const [host, port] = partsOf(entry);
  const isHost = host !== '' && (!host.includes(':') || isLikeIpv6(host));
  if (!isHost || (port !== undefined && (!PORT.test(port) || Number(port) > MAX_PORT))) {
    throw new ConfigError(`${where}: '${entry}' is not host, host:port or [IPv6 address]:port`);
  }
  return { host, port: port === undefined ? defaultPort : Number(port) };
}

function partsOf(entry: string): [host: string, port: string | undefined] {
  const bracketed = BRACKETS.exec(entry);
  if (bracketed !== null) return [bracketed[1] ?? '', bracketed[2]];
  const colon = entry.indexOf(':');
  if (colon < 0 || colon !== entry.lastIndexOf(':')) return [entry, undefined];
  return [entry.slice(0, colon), entry.slice(colon + 1)];
}

/** Eight groups, or fewer with `::`; the last two may be an IPv4 address. Binding tells the rest. */
function isLikeIpv6(host: string): boolean {
  if (!IPV6_CHARACTERS.test(host)) return false;
  const colons = host.split(':').length - 1;
  return host.includes('::') || colons === (host.includes('.') ? 6 : 7);
}
