import type { GatewayStats } from '../gateway/types.ts';
import { counter, gauge, type Metric, type ReadableSpec } from './metric.ts';

/** One metric for each counter of the gateway: the compiler asks for it when one is added. */
const ofStats: Readonly<Record<keyof GatewayStats, ReadableSpec>> = {
  connectionsAccepted: counter(
    'lmqtt_connections_accepted_total',
    'connections',
    'Connections accepted, those refused afterwards among them.',
  ),
  connectionsRefused: counter(
    'lmqtt_connections_refused_total',
    'connections',
    'Connections closed as they came because there were too many.',
  ),
  connectionsRefusedByIp: counter(
    'lmqtt_connections_refused_by_ip_total',
    'connections',
    'Connections closed as they came because there were too many of their address.',
  ),
  connectionsRefusedByRate: counter(
    'lmqtt_connections_refused_by_rate_total',
    'connections',
    'Connections closed as they came because too many had come in a short time.',
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
  connectionsCurrent: gauge(
    'lmqtt_connections',
    'connections',
    'Open connections of clients; the limit is maxConn.',
  ),
  sessionsCurrent: gauge(
    'lmqtt_sessions',
    'sessions',
    'Sessions in memory: those of clients that are connected.',
  ),
  authFailures: counter(
    'lmqtt_auth_failures_total',
    'connections',
    'CONNECT packets refused by the authenticator.',
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
  subscriptionsCurrent: gauge(
    'lmqtt_subscriptions',
    'subscriptions',
    'Subscriptions of the sessions in memory.',
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
};

const fields = Object.keys(ofStats) as (keyof GatewayStats)[];

export const gatewayMetrics: readonly Metric[] = [
  ...fields.map((field) => ({
    ...ofStats[field],
    read: ({ gateway }: Parameters<Metric['read']>[0]) => gateway[field],
  })),
  {
    ...gauge(
      'lmqtt_sessions_dirty',
      'sessions',
      'Sessions with delivery progress that is saved at the next sessionFlushIntervalMs.',
    ),
    read: ({ dirtySessions }) => dirtySessions(),
  },
];
