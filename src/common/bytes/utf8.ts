import { isUtf8 } from 'node:buffer';

/**
 * Whether `buffer[start, end)` is a UTF-8 string as MQTT allows it: well-formed and without surrogates
 * [MQTT-1.5.3-1], without U+0000 [MQTT-1.5.3-2]. A byte order mark is an ordinary character
 * [MQTT-1.5.3-3]; `Buffer.toString('utf8')` keeps it.
 */
export function isValidMqttUtf8(buffer: Buffer, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    const byte = buffer[at] as number;
    if (byte === 0) return false;
    if (byte >= 0x80) break;
    at++;
  }
  if (at === end) return true;
  const rest = buffer.subarray(at, end);
  return !rest.includes(0) && isUtf8(rest);
}
