import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/** Signature of version 2, https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt section 2.2. */
const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const V2_HEAD_BYTES = 16;
/** Longest version 1 line, CRLF included (section 2.1). */
const V1_MAX_BYTES = 107;
/** Longest rest of a version 2 header; addresses take 36 bytes, the others are extensions. */
const V2_MAX_BODY_BYTES = 4096;
const PROXY_V1 = Buffer.from('PROXY ');
const PORT = /^(0|[1-9]\d{0,4})$/;

const Command = { LOCAL: 0, PROXY: 1 } as const;
const Family = { UNSPECIFIED: 0x00, TCP_OVER_IPV4: 0x11, TCP_OVER_IPV6: 0x21 } as const;
const IPV4_BYTES = 12;
const IPV6_BYTES = 36;

/** Where a proxied connection comes from. */
export interface ProxySource {
  readonly address: string;
  readonly port: number;
}

/** A header that was read: how long it is, and whom it names. */
export interface ProxyHeader {
  readonly bytes: number;
  /** Undefined when the proxy speaks for itself (health checks) or does not know. */
  readonly source: ProxySource | undefined;
}

/** A connection does not begin with a header of the PROXY protocol. */
export class ProxyHeaderError extends Error {
  override readonly name = 'ProxyHeaderError';
}

/**
 * Header at the beginning of `bytes`, version 1 or 2; undefined while it is not complete. At most
 * 4112 bytes are ever looked at. @throws ProxyHeaderError as soon as it cannot become a valid one
 */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  if (bytes.length === 0) return undefined;
  if (startsAs(bytes, PROXY_V1)) return parseV1(bytes);
  if (startsAs(bytes, SIGNATURE)) return parseV2(bytes);
  throw new ProxyHeaderError('no PROXY protocol header');
}

function startsAs(bytes: Buffer, prefix: Buffer): boolean {
  const length = Math.min(bytes.length, prefix.length);
  return bytes.compare(prefix, 0, length, 0, length) === 0;
}

function parseV1(bytes: Buffer): ProxyHeader | undefined {
  const window = bytes.subarray(0, V1_MAX_BYTES);
  const end = window.indexOf('\r\n');
  if (end < 0) {
    if (bytes.length >= V1_MAX_BYTES) throw new ProxyHeaderError('version 1 line too long');
    return undefined;
  }
  const fields = window.toString('latin1', 0, end).split(' ');
  return { bytes: end + 2, source: v1Source(fields) };
}

function v1Source(fields: readonly string[]): ProxySource | undefined {
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = ''] = fields;
  // What follows UNKNOWN is to be ignored.
  if (family === 'UNKNOWN') return undefined;
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined;
  const isValid =
    isAddress !== undefined &&
    fields.length === 6 &&
    [source, destination].every((address) => isAddress(address) && !address.includes('%')) &&
    [sourcePort, destinationPort].every((port) => PORT.test(port) && Number(port) <= 65535);
  if (!isValid) throw new ProxyHeaderError('malformed version 1 line');
  return { address: source, port: Number(sourcePort) };
}

function parseV2(bytes: Buffer): ProxyHeader | undefined {
  if (bytes.length < V2_HEAD_BYTES) return undefined;
  const version = bytes.readUInt8(12) >> 4;
  const command = bytes.readUInt8(12) & 0x0f;
  const family = bytes.readUInt8(13);
  const bodyBytes = bytes.readUInt16BE(14);
  if (version !== 2 || (command !== Command.LOCAL && command !== Command.PROXY)) {
    throw new ProxyHeaderError('unknown version or command');
  }
  if (bodyBytes > V2_MAX_BODY_BYTES) throw new ProxyHeaderError('version 2 header too long');
  const end = V2_HEAD_BYTES + bodyBytes;
  if (bytes.length < end) return undefined;
  const body = bytes.subarray(V2_HEAD_BYTES, end);
  return { bytes: end, source: command === Command.LOCAL ? undefined : v2Source(family, body) };
}

function v2Source(family: number, body: Buffer): ProxySource | undefined {
  switch (family) {
    case Family.UNSPECIFIED:
      return undefined;
    case Family.TCP_OVER_IPV4:
      if (body.length < IPV4_BYTES) break;
      return { address: body.subarray(0, 4).join('.'), port: body.readUInt16BE(8) };
    case Family.TCP_OVER_IPV6:
      if (body.length < IPV6_BYTES) break;
      return { address: ipv6Text(body), port: body.readUInt16BE(32) };
    default:
      throw new ProxyHeaderError(`address family 0x${family.toString(16)} is not TCP`);
  }
  throw new ProxyHeaderError('version 2 header too short for its addresses');
}

/** The first 16 bytes in the usual short form. */
function ipv6Text(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}
