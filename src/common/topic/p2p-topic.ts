/**
 * P2P topics address one client instead of subscribers: `{firstTopic}/p2p/{clientId}`, exactly three
 * levels. The client id is everything after `{firstTopic}/p2p/`, so a client whose id holds a `/`
 * (or is empty, or has characters that a topic name may not have) cannot be reached this way; a name
 * with further levels is an ordinary topic.
 */
const MARK = '/p2p/';

/** Client id that a valid topic name addresses, or undefined when it is not a P2P topic. */
export function p2pClientId(topic: string): string | undefined {
  const slash = topic.indexOf('/');
  if (slash <= 0 || topic.startsWith('$') || !topic.startsWith(MARK, slash)) return undefined;
  const start = slash + MARK.length;
  if (start === topic.length || topic.includes('/', start)) return undefined;
  return topic.slice(start);
}
