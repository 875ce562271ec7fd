/** Filters of shared subscriptions: `$share/{ShareName}/{filter}` and the older `$queue/{filter}`. */
import { isValidTopicFilter } from './topic-filter.ts';

/** A shared subscription: all who subscribe the same share name and filter get each message once. */
export interface SharedFilter {
  /** Share name; `$queue` for the older form. */
  readonly shareName: string;
  /** The topic filter itself. */
  readonly filter: string;
}

const SHARE = '$share/';
const QUEUE = '$queue/';
/** Characters of a filter that tell whether `isSharedFilter`. */
export const SHARED_PREFIX_LENGTH: number = Math.max(SHARE.length, QUEUE.length);
const QUEUE_SHARE_NAME = '$queue';

/** True for what asks for a shared subscription, be it well-formed or not. */
export function isSharedFilter(filter: string): boolean {
  return filter.startsWith(SHARE) || filter.startsWith(QUEUE);
}

/**
 * The parts of a shared filter; undefined when it is none. The share name has at least one character
 * [MQTT-4.8.2-1], none of them `/`, `+` or `#`, and a valid topic filter follows [MQTT-4.8.2-2].
 */
export function parseSharedFilter(filter: string): SharedFilter | undefined {
  if (filter.startsWith(QUEUE)) return checked(QUEUE_SHARE_NAME, filter.slice(QUEUE.length));
  if (!filter.startsWith(SHARE)) return undefined;
  const end = filter.indexOf('/', SHARE.length);
  if (end < 0) return undefined;
  return checked(filter.slice(SHARE.length, end), filter.slice(end + 1));
}

/** The topic filter that decides what a subscription gets: that in a shared one, else the filter itself. */
export function topicFilterOf(filter: string): string {
  return parseSharedFilter(filter)?.filter ?? filter;
}

/** The same text for the same group, whichever form it was subscribed in. */
export function sharedFilterText({ shareName, filter }: SharedFilter): string {
  return `${SHARE}${shareName}/${filter}`;
}

function checked(shareName: string, filter: string): SharedFilter | undefined {
  if (shareName === '' || shareName.includes('+') || shareName.includes('#')) return undefined;
  if (!isValidTopicFilter(filter) || isSharedFilter(filter)) return undefined;
  return { shareName, filter };
}
