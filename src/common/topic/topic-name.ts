/** MQTT topic names: what a PUBLISH is addressed to. */

const SLASH = 0x2f;
const PLUS = 0x2b;
const HASH = 0x23;

/** Longest topic name or filter in UTF-8 bytes [MQTT-4.7.3-3]. */
export const MAX_TOPIC_BYTES = 65_535;

/**
 * Length of `text` in UTF-8 bytes, or -1 if MQTT cannot carry it: U+0000 [MQTT-1.5.3-2] or a lone
 * surrogate [MQTT-1.5.3-1].
 */
export function mqttUtf8Length(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0) return -1;
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit < 0xd800 || unit > 0xdfff) bytes += 3;
    else {
      const low = text.charCodeAt(++i);
      if (unit > 0xdbff || !(low >= 0xdc00 && low <= 0xdfff)) return -1;
      bytes += 4;
    }
  }
  return bytes;
}

/** No wildcards [MQTT-4.7.1-1], 1 to 65,535 bytes [MQTT-4.7.3-1] [MQTT-4.7.3-3], no U+0000 [MQTT-4.7.3-2]. */
export function isValidTopicName(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    if (unit === PLUS || unit === HASH) return false;
  }
  const bytes = mqttUtf8Length(name);
  return bytes >= 1 && bytes <= MAX_TOPIC_BYTES;
}

/** First level (parent topic) of a name or filter; empty when it begins with a slash. */
export function firstLevel(name: string): string {
  const slash = name.indexOf('/');
  return slash === -1 ? name : name.slice(0, slash);
}

/** Number of levels of a name or filter, at least 1; empty levels count. */
export function levelCount(name: string): number {
  let levels = 1;
  for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) === SLASH) levels++;
  return levels;
}
