/** Whether a topic may be used, and if not, why. */
export const TopicDecision = {
  OK: 'OK',
  /** The first level is not in ALL_FIRST_TOPICS and may not be created. */
  UNKNOWN_FIRST_TOPIC: 'UNKNOWN_FIRST_TOPIC',
  /** The filter is not in the list of its first level and may not be created. */
  UNREGISTERED_WILDCARD: 'UNREGISTERED_WILDCARD',
  /** The first level is the name of a KV key with another meaning (ALL_FIRST_TOPICS, LMQ_CONNECT_NODES). */
  RESERVED_FIRST_TOPIC: 'RESERVED_FIRST_TOPIC',
  /** It could be created, but as many as are allowed have been. */
  LIMIT_REACHED: 'LIMIT_REACHED',
} as const;
export type TopicDecision = (typeof TopicDecision)[keyof typeof TopicDecision];
