import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** What the key of a request is hashed with (RFC 6455 §1.3). */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Sixteen bytes in Base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;
/** What RFC 7230 takes for a token. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** That of RFC 6455, and that of a draft whose frames are the same. */
const VERSIONS: ReadonlySet<string> = new Set(['13', '8']);
/** In the order of preference [MQTT-6.0.0-4]; the second is that of MQTT 3.1 clients. */
const SUBPROTOCOLS = ['mqtt', 'mqttv3.1'] as const;

/** What is wrong with the headers of a request for a WebSocket with MQTT, or undefined. */
export function handshakeError(headers: IncomingHttpHeaders): string | undefined {
  if (headers.upgrade?.toLowerCase() !== 'websocket') return 'upgrade to something else';
  if (!KEY.test(headers['sec-websocket-key'] ?? ''))
    return 'Sec-WebSocket-Key missing or malformed';
  if (!VERSIONS.has(headers['sec-websocket-version'] ?? '')) return 'Sec-WebSocket-Version';
  const names = namesIn(headers);
  if (names === undefined) return undefined;
  if (new Set(names).size < names.length || !names.every((name) => TOKEN.test(name))) {
    return 'Sec-WebSocket-Protocol is malformed';
  }
  return chosenFrom(names) === undefined ? 'no subprotocol mqtt offered' : undefined;
}

/** The answer to such a request. Extensions are not agreed on, so no frame is compressed. */
export function handshakeAnswer(headers: IncomingHttpHeaders): string {
  const key = headers['sec-websocket-key'] ?? '';
  const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64');
  const protocol = chosenFrom(namesIn(headers) ?? []);
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function namesIn(headers: IncomingHttpHeaders): readonly string[] | undefined {
  return headers['sec-websocket-protocol']?.split(',').map((name) => name.trim());
}

function chosenFrom(offered: readonly string[]): string | undefined {
  return SUBPROTOCOLS.find((name) => offered.includes(name));
}
