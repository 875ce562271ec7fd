/**
 * Bounds on what one header may hold beside its size: 16 MiB of tiny fields would stop the process for
 * seconds and take a gigabyte. RocketMQ's own headers have a few dozen fields.
 */
export const MAX_EXT_FIELDS = 1024;

/** Strings, brackets and commas of a JSON header, each counted as one. */
export const MAX_JSON_TOKENS: number = 8 * MAX_EXT_FIELDS;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING_BRACKET = 0x5b;
const OPENING_BRACE = 0x7b;

/** True when the JSON text has more tokens than `limit`; reads it once and keeps nothing. */
export function hasMoreJsonTokens(text: Buffer, limit: number): boolean {
  let tokens = 0;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at];
    if (byte === QUOTE) {
      at = endOfString(text, at);
      tokens++;
    } else if (byte === COMMA || byte === OPENING_BRACKET || byte === OPENING_BRACE) {
      tokens++;
    }
    if (tokens > limit) return true;
  }
  return false;
}

/** Position of the quote that ends the string begun at `start`, or the end of the text. */
function endOfString(text: Buffer, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const byte = text[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at++;
  }
  return text.length;
}
