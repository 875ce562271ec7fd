import { isWildcardFilter } from '../../common/topic/topic-filter.ts';
import { p2pClientId } from '../../common/topic/p2p-topic.ts';
import type { QueueName } from './types.ts';

/**
 * Queue names. The first character is the kind, the rest is the MQTT name as it is, so no two names
 * share a queue: `t` topic name, `f` wildcard filter, `p` client id of a peer.
 */
const TOPIC = 't';
const FILTER = 'f';
const PEER = 'p';

/** Queue of a published topic name; a P2P topic (`{first}/p2p/{clientId}`) is its peer's queue. */
export function topicQueueName(topic: string): QueueName {
  const clientId = p2pClientId(topic);
  return clientId === undefined ? ((TOPIC + topic) as QueueName) : peerQueueName(clientId);
}

/** Queue that a subscription reads: the filter's own when it has wildcards, else the topic's. */
export function filterQueueName(filter: string): QueueName {
  return ((isWildcardFilter(filter) ? FILTER : TOPIC) + filter) as QueueName;
}

/** Queue of what is sent to one client (P2P). */
export function peerQueueName(clientId: string): QueueName {
  return (PEER + clientId) as QueueName;
}

/** Client id of a peer queue, or undefined for another kind. */
export function peerOfQueue(name: QueueName): string | undefined {
  return name.startsWith(PEER) ? name.slice(1) : undefined;
}
