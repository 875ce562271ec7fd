/**
 * Counters of one gateway. Plain numbers, because the hot path adds to them per message; whoever
 * publishes metrics reads them.
 */
export class GatewayStats {
  connectionsAccepted = 0;
  /** Accepted and closed at once: too many connections. */
  connectionsRefused = 0;
  /** Accepted and closed at once: too many connections of one address. */
  connectionsRefusedByIp = 0;
  /** Accepted and closed at once: too many connections in a short time. */
  connectionsRefusedByRate = 0;
  /** Handshakes that failed, client certificates refused among them. */
  tlsErrors = 0;
  /** Upgrades refused, and WebSockets closed for what the peer sent. */
  webSocketErrors = 0;
  /** Connections without the PROXY protocol header that the listener expects. */
  proxyProtocolErrors = 0;
  /** PROXY header, TLS handshake or WebSocket upgrade not done in time. */
  handshakeTimeouts = 0;
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
  /** MQTT 5 publishes answered with an error reason code. */
  publishesRefused = 0;
  /** QoS 2 publishes recognised as a repetition. */
  duplicatesReceived = 0;
  /** Messages skipped because retention removed them before the subscriber read them. */
  messagesLostToRetention = 0;
  messagesExpired = 0;
  /** Not delivered because larger than the subscriber's maximum packet size [MQTT-3.1.2-24]. */
  messagesTooLarge = 0;
  subscriptionsCurrent = 0;
  retainedCurrent = 0;
  /** Size of the retained messages as stored. */
  retainedBytes = 0;
  /** Published with RETAIN 1 and not retained: over the limits. */
  retainedRefused = 0;
  /** Retained messages sent to new subscriptions. */
  retainedSent = 0;
  willsPublished = 0;
  /** Wills that wait for the end of their delay. */
  willsDelayed = 0;
  /** Times that publishers were paused because the store's backlog was full. */
  storeBackPressure = 0;
}
