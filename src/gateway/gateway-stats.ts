/**
 * Counters of one gateway. Plain numbers, because the hot path adds to them per message; whoever
 * publishes metrics reads them.
 */
export class GatewayStats {
  connectionsAccepted = 0;
  /** Accepted and closed at once: too many connections. */
  connectionsRefused = 0;
  connectionsCurrent = 0;
  sessionsCurrent = 0;
  authFailures = 0;
  protocolErrors = 0;
  takeovers = 0;
  keepAliveTimeouts = 0;
  messagesReceived = 0;
  messagesSent = 0;
  bytesReceived = 0;
  bytesSent = 0;
  /** QoS 0 messages not delivered because the subscriber's socket was over its high-water mark. */
  qos0Dropped = 0;
  /** QoS 2 publishes recognised as a repetition. */
  duplicatesReceived = 0;
  /** Messages skipped because retention removed them before the subscriber read them. */
  messagesLostToRetention = 0;
  messagesExpired = 0;
  subscriptionsCurrent = 0;
  /** Times that publishers were paused because the store's backlog was full. */
  storeBackPressure = 0;
}
