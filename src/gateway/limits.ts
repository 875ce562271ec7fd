/** What happens to a client that is over `maxPublishRate` or `maxPublishBytesRate`. */
export const PublishRateExceeded = {
  /** Its connection is not read until it may publish again. */
  PAUSE: 'pause',
  /** MQTT 5: PUBACK or PUBREC 0x97, at QoS 0 nothing; older versions know no such answer and are paused. */
  REFUSE: 'refuse',
  /** MQTT 5: DISCONNECT 0x96; older versions are just closed. */
  DISCONNECT: 'disconnect',
} as const;
export type PublishRateExceeded = (typeof PublishRateExceeded)[keyof typeof PublishRateExceeded];

/** Which messages a session does not get that is over `maxQueuedMessages` or `maxQueuedBytes`. */
export const QueueFullPolicy = {
  /** The session gets the newest. */
  DROP_OLDEST: 'dropOldest',
  /** The session gets those that were there first. */
  DROP_NEWEST: 'dropNewest',
} as const;
export type QueueFullPolicy = (typeof QueueFullPolicy)[keyof typeof QueueFullPolicy];

/** Limits on what a peer may ask for. Each protects the process; each is counted when it is hit. */
export interface GatewayLimits {
  /** Largest control packet accepted, bytes, fixed header included. Checked before anything is buffered. */
  readonly maxPacketSize: number;
  /** Most connections at a time. */
  readonly maxConnections: number;
  /** Time from accept to CONNECT, ms. */
  readonly connectTimeoutMs: number;
  /** Longest client identifier, bytes; a longer one is refused with 0x85 or return code 2. */
  readonly maxClientIdLength: number;
  /** Topic aliases that a MQTT 5 client may set; 0 = none. */
  readonly topicAliasMaximum: number;
  /** Topic aliases that we set for a MQTT 5 client, if it takes as many; 0 = none. */
  readonly topicAliasMaximumOut: number;
  /** Unacknowledged QoS 1 and 2 publishes that a MQTT 5 client may have under way to us on one connection (§4.9). */
  readonly receiveMaximum: number;
  /** Most levels of a topic name or filter. */
  readonly maxTopicLevels: number;
  /** Longest topic name or filter, bytes. */
  readonly maxTopicLength: number;
  /** Longest time that a session outlives its connection, seconds; `NEVER_EXPIRES` = for ever. */
  readonly maxSessionExpirySeconds: number;
  /** Subscriptions of one client; one that is too many is refused with 0x97 or 0x80. */
  readonly maxSubscriptionsPerClient: number;
  /** Filters of one SUBSCRIBE or UNSUBSCRIBE. */
  readonly maxFiltersPerPacket: number;
  /** All filters of one client together, bytes: a persistent session is stored as one record. */
  readonly maxSubscriptionBytesPerClient: number;
  /** Unacknowledged QoS 1 and 2 messages on the way to one client. */
  readonly maxInflight: number;
  /** PUBLISH packets a second that one client may send on average; as many may come at once. 0 = no limit. */
  readonly maxPublishRate: number;
  /** Bytes of PUBLISH packets a second, likewise; 0 = no limit. */
  readonly maxPublishBytesRate: number;
  /** What happens to a client that publishes faster. */
  readonly publishRateExceeded: PublishRateExceeded;
  /** Messages that may wait for one session, those in flight apart; 0 = no limit but retention's. */
  readonly maxQueuedMessages: number;
  /** Bytes that may wait for one session, as stored; 0 = no limit but retention's. */
  readonly maxQueuedBytes: number;
  /** Which message goes when too many wait. */
  readonly queueFullPolicy: QueueFullPolicy;
  /** Bytes waiting for one socket above which deliveries stop, QoS 0 is dropped and reading pauses. */
  readonly highWater: number;
  /** Topics with a retained message. */
  readonly maxRetainedMessages: number;
  /** All retained messages together as stored, bytes. */
  readonly maxRetainedBytes: number;
  /** Most records read for one subscription before another one's turn. */
  readonly pullBatchSize: number;
}

/** What holds unless configured: docs/configuration.md names the keys. */
export const DEFAULT_LIMITS: GatewayLimits = {
  maxPacketSize: 1024 * 1024,
  maxConnections: 100_000,
  connectTimeoutMs: 10_000,
  maxClientIdLength: 1024,
  topicAliasMaximum: 64,
  topicAliasMaximumOut: 32,
  receiveMaximum: 1024,
  maxTopicLevels: 256,
  maxTopicLength: 65_535,
  maxSessionExpirySeconds: 0xffff_ffff,
  maxSubscriptionsPerClient: 10_000,
  maxFiltersPerPacket: 10_000,
  maxSubscriptionBytesPerClient: 1024 * 1024,
  maxInflight: 16_384,
  maxPublishRate: 0,
  maxPublishBytesRate: 0,
  publishRateExceeded: 'pause',
  maxQueuedMessages: 0,
  maxQueuedBytes: 0,
  queueFullPolicy: 'dropOldest',
  highWater: 256 * 1024,
  maxRetainedMessages: 1_000_000,
  maxRetainedBytes: 256 * 1024 * 1024,
  pullBatchSize: 256,
};
