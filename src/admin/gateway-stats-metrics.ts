import type { GatewayStats } from '../gateway/types.ts';
import { counter, gauge, type ReadableSpec } from './metric.ts';

/** One metric for each counter of the gateway: the compiler asks for it when one is added. */
export const gatewayStatsMetrics: Readonly<Record<keyof GatewayStats, ReadableSpec>> = {
  connectionsAccepted: counter(
    'lmqtt_connections_accepted_total',
    'connections',
    'Connections accepted, those refused afterwards among them.',
  ),
  connectionsRefused: counter(
    'lmqtt_connections_refused_total',
    'connections',
    'Connections refused as they came because there were too many.',
  ),
  connectionsRefusedByIp: counter(
    'lmqtt_connections_refused_by_ip_total',
    'connections',
    'Connections refused as they came because there were too many of their address.',
  ),
  connectionsRefusedByRate: counter(
    'lmqtt_connections_refused_by_rate_total',
    'connections',
    'Connections refused as they came because too many had come in a short time.',
  ),
  tlsErrors: counter(
    'lmqtt_tls_errors_total',
    'connections',
    'TLS handshakes that failed, client certificates refused among them.',
  ),
  webSocketErrors: counter(
    'lmqtt_websocket_errors_total',
    'connections',
    'WebSocket upgrades refused, and WebSockets closed for what the peer sent.',
  ),
  proxyProtocolErrors: counter(
    'lmqtt_proxy_protocol_errors_total',
    'connections',
    'Connections without the PROXY protocol header that the listener expects.',
  ),
  handshakeTimeouts: counter(
    'lmqtt_handshake_timeouts_total',
    'connections',
    'Connections whose PROXY header, TLS handshake or WebSocket upgrade did not come in time.',
  ),
  connectTimeouts: counter(
    'lmqtt_connect_timeouts_total',
    'connections',
    'Connections closed because CONNECT did not come within connectTimeoutMs.',
  ),
  connectionsCurrent: gauge(
    'lmqtt_connections',
    'connections',
    'Open connections of clients; the limit is maxConn.',
  ),
  connectsReceived: counter(
    'lmqtt_connects_received_total',
    'packets',
    'CONNECT packets received, those refused among them.',
  ),
  sessionsCurrent: gauge(
    'lmqtt_sessions',
    'sessions',
    'Sessions in memory: those of clients that are connected.',
  ),
  sessionsMaximum: gauge(
    'lmqtt_sessions_max',
    'sessions',
    'Most sessions in memory at a time since the start.',
  ),
  sessionsOffline: gauge(
    'lmqtt_sessions_offline',
    'sessions',
    'Stored sessions whose client is not connected.',
  ),
  sessionsExpired: counter(
    'lmqtt_sessions_expired_total',
    'sessions',
    'Sessions ended because their client did not come back in time.',
  ),
  authFailures: counter(
    'lmqtt_auth_failures_total',
    'connections',
    'CONNECT packets and re-authentications refused by the authenticator.',
  ),
  protocolErrors: counter(
    'lmqtt_protocol_errors_total',
    'connections',
    'Connections closed because the client broke the protocol.',
  ),
  takeovers: counter(
    'lmqtt_session_takeovers_total',
    'sessions',
    'Connections closed because their client identifier connected again.',
  ),
  packetsTooLarge: counter(
    'lmqtt_packets_too_large_total',
    'packets',
    'Packets over maxPacketSizeInByte; each ended its connection.',
  ),
  receiveMaximumExceeded: counter(
    'lmqtt_receive_maximum_exceeded_total',
    'connections',
    'Connections closed because more publishes were under way than receiveMaximum.',
  ),
  topicsTooLong: counter(
    'lmqtt_topics_too_long_total',
    'topics',
    'Topic names and filters refused by maxTopicLevels or maxTopicLength.',
  ),
  subscriptionsRefused: counter(
    'lmqtt_subscriptions_refused_total',
    'subscriptions',
    'Subscriptions refused by maxSubscriptionsPerClient, maxSubscriptionBytesPerClient or maxFiltersPerPacket.',
  ),
  sessionExpiriesReduced: counter(
    'lmqtt_session_expiries_reduced_total',
    'sessions',
    'CONNECT and DISCONNECT packets with a session expiry over maxSessionExpirySeconds, which then holds.',
  ),
  publishRateExceeded: counter(
    'lmqtt_publish_rate_exceeded_total',
    'times',
    'Times that a client was over maxPublishRate or maxPublishBytesRate: pauses, refused messages, disconnects.',
  ),
  inflightFull: counter(
    'lmqtt_inflight_full_total',
    'times',
    'Times that delivery to a client stopped at maxInflight, or its receive maximum, to wait for acknowledgements.',
  ),
  queueFullDropped: counter(
    'lmqtt_queue_full_messages_dropped_total',
    'messages',
    'Stored messages that a session does not get because of maxQueuedMessages or maxQueuedBytes, once per subscription.',
  ),
  keepAliveTimeouts: counter(
    'lmqtt_keep_alive_timeouts_total',
    'connections',
    'Connections closed because nothing came for one and a half times the keep-alive.',
  ),
  messagesReceived: counter(
    'lmqtt_messages_received_total',
    'messages',
    'PUBLISH packets received.',
  ),
  messagesSent: counter(
    'lmqtt_messages_sent_total',
    'messages',
    'PUBLISH packets sent, repetitions among them.',
  ),
  controlPacketsReceived: counter(
    'lmqtt_control_packets_received_total',
    'packets',
    'Packets received other than PUBLISH.',
  ),
  controlPacketsSent: counter(
    'lmqtt_control_packets_sent_total',
    'packets',
    'Packets sent other than PUBLISH.',
  ),
  payloadBytesReceived: counter(
    'lmqtt_payload_received_bytes_total',
    'bytes',
    'Payloads of PUBLISH packets received.',
  ),
  payloadBytesSent: counter(
    'lmqtt_payload_sent_bytes_total',
    'bytes',
    'Payloads of PUBLISH packets sent.',
  ),
  bytesReceived: counter(
    'lmqtt_received_bytes_total',
    'bytes',
    'Bytes received from clients, all packets.',
  ),
  bytesSent: counter('lmqtt_sent_bytes_total', 'bytes', 'Bytes sent to clients, all packets.'),
  qos0Dropped: counter(
    'lmqtt_qos0_messages_dropped_total',
    'messages',
    'QoS 0 messages not delivered because the socket of the subscriber was over highWater.',
  ),
  publishesRefused: counter(
    'lmqtt_publishes_refused_total',
    'messages',
    'PUBLISH packets of MQTT 5 answered with an error reason code.',
  ),
  hookErrors: counter(
    'lmqtt_hook_errors_total',
    'calls',
    'Calls of hooks that threw, or returned what they may not.',
  ),
  messagesDroppedByHooks: counter(
    'lmqtt_messages_dropped_by_hooks_total',
    'messages',
    'Messages that hooks dropped: for all, or for one subscriber.',
  ),
  duplicatesReceived: counter(
    'lmqtt_duplicate_messages_received_total',
    'messages',
    'QoS 2 messages recognised as a repetition and not stored again.',
  ),
  messagesLostToRetention: counter(
    'lmqtt_messages_lost_to_retention_total',
    'messages',
    'Messages that retention removed before the subscriber had read them, once per subscription.',
  ),
  messagesExpired: counter(
    'lmqtt_messages_expired_total',
    'messages',
    'Messages not delivered because they had expired, once per subscription.',
  ),
  messagesTooLarge: counter(
    'lmqtt_messages_too_large_total',
    'messages',
    'Messages not delivered because the subscriber takes no packet as large.',
  ),
  topicAliasesUsed: counter(
    'lmqtt_topic_aliases_used_total',
    'messages',
    'Messages sent with a topic alias instead of the topic name.',
  ),
  subscriptionsCurrent: gauge(
    'lmqtt_subscriptions',
    'subscriptions',
    'Subscriptions of the sessions in memory.',
  ),
  subscriptionsOffline: gauge(
    'lmqtt_subscriptions_offline',
    'subscriptions',
    'Subscriptions of stored sessions whose client is not connected.',
  ),
  sharedSubscriptionsCurrent: gauge(
    'lmqtt_shared_subscriptions',
    'subscriptions',
    'Shared subscriptions of sessions in memory.',
  ),
  sharedGroupsCurrent: gauge(
    'lmqtt_shared_groups',
    'groups',
    'Shared groups (share name and filter), with members or without.',
  ),
  sharedMessagesReturned: counter(
    'lmqtt_shared_messages_returned_total',
    'messages',
    'Messages that a member of a shared group gave back for another one.',
  ),
  retainedCurrent: gauge('lmqtt_retained_messages', 'messages', 'Retained messages.'),
  retainedBytes: gauge('lmqtt_retained_bytes', 'bytes', 'Retained messages as stored.'),
  retainedRefused: counter(
    'lmqtt_retained_messages_refused_total',
    'messages',
    'Messages not retained because there were too many or too large.',
  ),
  retainedSent: counter(
    'lmqtt_retained_messages_sent_total',
    'messages',
    'Retained messages sent to new subscriptions.',
  ),
  clientEvents: counter(
    'lmqtt_client_events_total',
    'messages',
    'Client events published ($events/...).',
  ),
  clientEventsDropped: counter(
    'lmqtt_client_events_dropped_total',
    'messages',
    'Client events left out because too much waited to be written.',
  ),
  willsPublished: counter('lmqtt_wills_published_total', 'messages', 'Will messages published.'),
  willsDelayed: gauge(
    'lmqtt_wills_delayed',
    'messages',
    'Will messages that wait for the end of their delay.',
  ),
  storeBackPressure: counter(
    'lmqtt_store_back_pressure_pauses_total',
    'pauses',
    'Times that a publisher was paused because too much waited to be written.',
  ),
  readsDeferred: counter(
    'lmqtt_reads_deferred_total',
    'reads',
    'Times that a connection was read a turn of the event loop later because others had brought much in this one.',
  ),
  publishesDeferred: counter(
    'lmqtt_publishes_deferred_total',
    'publishes',
    'Times that a publish to many subscriptions or to a new topic was left to a later turn of the event loop.',
  ),
};
