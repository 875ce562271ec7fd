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
  /** Closed because CONNECT did not come in time. */
  connectTimeouts = 0;
  connectionsCurrent = 0;
  connectsReceived = 0;
  sessionsCurrent = 0;
  /** Most sessions of connected clients at a time. */
  sessionsMaximum = 0;
  /** Stored sessions whose client is not connected. */
  sessionsOffline = 0;
  /** Sessions ended because nobody came back for them in time. */
  sessionsExpired = 0;
  authFailures = 0;
  protocolErrors = 0;
  takeovers = 0;
  /** Packets over the maximum size; each ended its connection. */
  packetsTooLarge = 0;
  /** More publishes under way than the receive maximum; each ended its connection. */
  receiveMaximumExceeded = 0;
  /** Topic names and filters with too many levels or bytes. */
  topicsTooLong = 0;
  /** Subscriptions refused because the session has too many. */
  subscriptionsRefused = 0;
  /** Session expiry intervals that were longer than allowed. */
  sessionExpiriesReduced = 0;
  /** Times that a client published faster than it may, whatever followed. */
  publishRateExceeded = 0;
  /** Times that delivery to a session waited for acknowledgements because its window was full. */
  inflightFull = 0;
  /** Records skipped because too many waited for their session. */
  queueFullDropped = 0;
  keepAliveTimeouts = 0;
  messagesReceived = 0;
  messagesSent = 0;
  /** Packets other than PUBLISH. */
  controlPacketsReceived = 0;
  controlPacketsSent = 0;
  /** Payloads of PUBLISH packets. */
  payloadBytesReceived = 0;
  payloadBytesSent = 0;
  bytesReceived = 0;
  bytesSent = 0;
  /** QoS 0 messages not delivered because the subscriber's socket was over its high-water mark. */
  qos0Dropped = 0;
  /** MQTT 5 publishes answered with an error reason code. */
  publishesRefused = 0;
  /** Times that a hook threw or returned what it may not. */
  hookErrors = 0;
  /** Messages that a hook dropped, or was to let pass and failed: for all, or for one subscriber. */
  messagesDroppedByHooks = 0;
  /** QoS 2 publishes recognised as a repetition. */
  duplicatesReceived = 0;
  /** Messages skipped because retention removed them before the subscriber read them. */
  messagesLostToRetention = 0;
  messagesExpired = 0;
  /** Not delivered because larger than the subscriber's maximum packet size [MQTT5-3.1.2-24]. */
  messagesTooLarge = 0;
  /** Messages sent with a topic alias instead of the topic name. */
  topicAliasesUsed = 0;
  subscriptionsCurrent = 0;
  /** Subscriptions of stored sessions whose client is not connected. */
  subscriptionsOffline = 0;
  /** Members of shared groups that are in memory. */
  sharedSubscriptionsCurrent = 0;
  /** Shared groups, with members or without. */
  sharedGroupsCurrent = 0;
  /** Messages that a member of a shared group had, and gave back for another one. */
  sharedMessagesReturned = 0;
  retainedCurrent = 0;
  /** Size of the retained messages as stored. */
  retainedBytes = 0;
  /** Published with RETAIN 1 and not retained: over the limits. */
  retainedRefused = 0;
  /** Retained messages sent to new subscriptions. */
  retainedSent = 0;
  /** Client events written (`$events/…`). */
  clientEvents = 0;
  /** Client events left out because the store's backlog was full. */
  clientEventsDropped = 0;
  willsPublished = 0;
  /** Wills that wait for the end of their delay. */
  willsDelayed = 0;
  /** Times that publishers were paused because the store's backlog was full. */
  storeBackPressure = 0;
  /** Times that reading from a connection was left to a later turn of the event loop. */
  readsDeferred = 0;
  /** Times that a publish to many, or to a new topic, was left to a later turn. */
  publishesDeferred = 0;
}
