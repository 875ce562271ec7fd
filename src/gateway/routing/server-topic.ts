import { firstLevel } from '../../common/topic/topic-name.ts';

/** State of the broker, under mosquitto's names. */
const SYS_LEVEL = '$SYS';
/** What happens to clients, under EMQX's names. */
export const EVENTS_LEVEL = '$events';

/**
 * True for names and filters of the server's own topics: clients may subscribe to them without their being
 * registered, and never publish to them (MQTT 4.7.2).
 */
export function isServerTopic(name: string): boolean {
  if (!name.startsWith('$')) return false;
  const level = firstLevel(name);
  return level === SYS_LEVEL || level === EVENTS_LEVEL;
}
