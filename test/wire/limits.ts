import type { BrokerOptions } from '../helpers/broker.ts';

/** Limits that are small enough to be reached. */
export const LIMITS = {
  topicLevels: 4,
  topicLength: 40,
  subscriptions: 3,
  filtersPerPacket: 8,
  receiveMaximum: 5,
  sessionExpirySeconds: 1000,
  queuedMessages: 10,
} as const;

export const LIMITED: BrokerOptions = {
  maxPacketBytes: 2048,
  environment: {
    LMQTT_CONNECT_MAX_TOPIC_LEVELS: String(LIMITS.topicLevels),
    LMQTT_CONNECT_MAX_TOPIC_LENGTH: String(LIMITS.topicLength),
    LMQTT_CONNECT_MAX_SUBSCRIPTIONS_PER_CLIENT: String(LIMITS.subscriptions),
    LMQTT_CONNECT_MAX_FILTERS_PER_PACKET: String(LIMITS.filtersPerPacket),
    LMQTT_CONNECT_RECEIVE_MAXIMUM: String(LIMITS.receiveMaximum),
    LMQTT_CONNECT_MAX_SESSION_EXPIRY_SECONDS: String(LIMITS.sessionExpirySeconds),
    LMQTT_CONNECT_MAX_QUEUED_MESSAGES: String(LIMITS.queuedMessages),
  },
};

/** A topic name of exactly so many bytes. */
export function topicOf(bytes: number): string {
  return 'x'.repeat(bytes);
}

/** A topic name of so many levels. */
export function levels(count: number): string {
  return Array<string>(count).fill('l').join('/');
}
