/** MQTT topic filters: what a SUBSCRIBE asks for. */
import { MAX_TOPIC_BYTES, mqttUtf8Length } from './topic-name.ts';

const SLASH = 0x2f;
const PLUS = 0x2b;
const HASH = 0x23;
const DOLLAR = 0x24;

/** True when a wildcard at `index` is a whole level and, for `#`, the last one. */
function isWildcardWellPlaced(filter: string, index: number, wildcard: number): boolean {
  if (index > 0 && filter.charCodeAt(index - 1) !== SLASH) return false;
  if (index === filter.length - 1) return true;
  return wildcard === PLUS && filter.charCodeAt(index + 1) === SLASH;
}

/**
 * `#` only as the whole last level [MQTT-4.7.1-2], `+` only as a whole level [MQTT-4.7.1-3], and the
 * limits of every topic string [MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT-4.7.3-3].
 */
export function isValidTopicFilter(filter: string): boolean {
  for (let i = 0; i < filter.length; i++) {
    const unit = filter.charCodeAt(i);
    if ((unit === PLUS || unit === HASH) && !isWildcardWellPlaced(filter, i, unit)) return false;
  }
  const bytes = mqttUtf8Length(filter);
  return bytes >= 1 && bytes <= MAX_TOPIC_BYTES;
}

/** True when any level of a valid filter is `+` or `#`. */
export function isWildcardFilter(filter: string): boolean {
  return filter.includes('+') || filter.includes('#');
}

/**
 * Whether a valid filter matches a valid topic name. A filter that begins with a wildcard does not
 * match a name that begins with `$` [MQTT-4.7.2-1]; `a/#` matches `a` (MQTT 3.1.1, 4.7.1.2).
 */
export function matches(filter: string, topic: string): boolean {
  const first = filter.charCodeAt(0);
  if (topic.charCodeAt(0) === DOLLAR && (first === PLUS || first === HASH)) return false;
  let at = 0;
  for (let i = 0; i < filter.length; i++) {
    const unit = filter.charCodeAt(i);
    if (unit === HASH) return true;
    if (unit === PLUS) {
      while (at < topic.length && topic.charCodeAt(at) !== SLASH) at++;
    } else if (at === topic.length) {
      // Only a trailing "/#" may be left: it stands for the parent level too.
      return unit === SLASH && i === filter.length - 2 && filter.charCodeAt(i + 1) === HASH;
    } else if (unit !== topic.charCodeAt(at++)) {
      return false;
    }
  }
  return at === topic.length;
}
