import { isUtf8 } from 'node:buffer';

/** Longest string, bytes, that is looked at here: for Node.js to do it a view has to be made first (ADR 997). */
const LONGEST_SHORT = 128;

/**
 * Whether `buffer[start, end)` is a UTF-8 string as MQTT allows it: well-formed and without surrogates
 * [MQTT-1.5.3-1], without U+0000 [MQTT-1.5.3-2]. A byte order mark is an ordinary character
 * [MQTT-1.5.3-3]; `Buffer.toString('utf8')` keeps it.
 */
export function isValidMqttUtf8(buffer: Buffer, start: number, end: number): boolean {
  if (end - start > LONGEST_SHORT) {
    const text = buffer.subarray(start, end);
    return !text.includes(0) && isUtf8(text);
  }
  for (let at = start; at < end; at++) {
    const byte = buffer[at] as number;
    if (byte === 0) return false;
    if (byte >= 0x80) return isShortTail(buffer, at, end);
  }
  return true;
}

/** The same of a few bytes, the first of which is no ASCII: the well-formed sequences of table 3-7 of Unicode. */
function isShortTail(buffer: Buffer, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    const first = buffer[at++] as number;
    if (first === 0) return false;
    if (first < 0x80) continue;
    if (first < 0xc2 || first > 0xf4) return false;
    const next = at + (first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3);
    if (next > end) return false;
    const second = buffer[at++] as number;
    if (second < leastSecond(first) || second > mostSecond(first)) return false;
    for (; at < next; at++) if (((buffer[at] as number) & 0xc0) !== 0x80) return false;
  }
  return true;
}

/** Below it is what has a shorter form. */
function leastSecond(first: number): number {
  if (first === 0xe0) return 0xa0;
  return first === 0xf0 ? 0x90 : 0x80;
}

/** Above it are surrogates, and what is over U+10FFFF. */
function mostSecond(first: number): number {
  if (first === 0xed) return 0x9f;
  return first === 0xf4 ? 0x8f : 0xbf;
}
