import { value, type SysTopic } from './sys-topic.ts';

const LMQTT = '$SYS/broker/lmqtt';

/** The topics that only lmqtt has. */
export const lmqttTopics: readonly SysTopic[] = [
  value(
    `${LMQTT}/store/commits`,
    'commits',
    'Commits that are durable.',
    ({ store }) => store.commits,
  ),
  value(
    `${LMQTT}/store/appended/count`,
    'messages',
    'Messages appended to the log.',
    ({ store }) => store.recordsAppended,
  ),
  value(
    `${LMQTT}/store/appended/bytes`,
    'bytes',
    'Their size.',
    ({ store }) => store.bytesAppended,
  ),
  value(
    `${LMQTT}/store/backlog/bytes`,
    'bytes',
    'Written and not durable yet; publishers are paused over maxBacklogBytes.',
    ({ backlogBytes }) => backlogBytes,
  ),
  value(
    `${LMQTT}/store/pauses`,
    'pauses',
    'Times that a publisher was paused because too much waited to be written.',
    ({ gateway }) => gateway.storeBackPressure,
  ),
  value(
    `${LMQTT}/store/tail/bytes`,
    'bytes',
    'Newest messages kept in memory for subscribers that keep up.',
    ({ store }) => store.tailBytes,
  ),
  value(
    `${LMQTT}/store/tail/hits`,
    'reads',
    'Reads answered from memory.',
    ({ store }) => store.tailHits,
  ),
  value(
    `${LMQTT}/store/tail/misses`,
    'reads',
    'Reads that found nothing in memory.',
    ({ store }) => store.tailMisses,
  ),
  value(
    `${LMQTT}/store/queues/open`,
    'queues',
    'Queues held open by their readers.',
    ({ store }) => store.openQueues,
  ),
  value(
    `${LMQTT}/store/messages/expired`,
    'messages',
    'Messages removed by retention.',
    ({ store }) => store.recordsExpired,
  ),
  value(
    `${LMQTT}/sessions/dirty`,
    'sessions',
    'Sessions with delivery progress that is saved at the next sessionFlushIntervalMs.',
    ({ dirtySessions }) => dirtySessions,
  ),
  value(
    `${LMQTT}/sessions/takeovers`,
    'sessions',
    'Connections closed because their client identifier connected again.',
    ({ gateway }) => gateway.takeovers,
  ),
  value(
    `${LMQTT}/clients/auth_failures`,
    'connections',
    'CONNECT packets refused by the authenticator.',
    ({ gateway }) => gateway.authFailures,
  ),
  value(
    `${LMQTT}/clients/protocol_errors`,
    'connections',
    'Connections closed because the client broke the protocol.',
    ({ gateway }) => gateway.protocolErrors,
  ),
  value(
    `${LMQTT}/clients/keepalive_timeouts`,
    'connections',
    'Connections closed because nothing came for one and a half times the keep-alive.',
    ({ gateway }) => gateway.keepAliveTimeouts,
  ),
  value(
    `${LMQTT}/connections/refused`,
    'connections',
    'Connections closed as they came: too many, of one address or in a short time among them.',
    ({ gateway }) =>
      gateway.connectionsRefused +
      gateway.connectionsRefusedByIp +
      gateway.connectionsRefusedByRate,
  ),
  value(
    `${LMQTT}/messages/expired`,
    'messages',
    'Messages not delivered because they had expired.',
    ({ gateway }) => gateway.messagesExpired,
  ),
  value(
    `${LMQTT}/messages/too_large`,
    'messages',
    'Messages not delivered because the subscriber takes no packet as large.',
    ({ gateway }) => gateway.messagesTooLarge,
  ),
  value(
    `${LMQTT}/messages/refused`,
    'messages',
    'PUBLISH packets of clients refused.',
    ({ gateway }) => gateway.publishesRefused,
  ),
  value(
    `${LMQTT}/retained/bytes`,
    'bytes',
    'Retained messages as stored.',
    ({ gateway }) => gateway.retainedBytes,
  ),
  value(
    `${LMQTT}/wills/delayed`,
    'messages',
    'Will messages that wait for the end of their delay.',
    ({ gateway }) => gateway.willsDelayed,
  ),
  value(
    `${LMQTT}/events/published`,
    'messages',
    'Client events published ($events/...).',
    ({ gateway }) => gateway.clientEvents,
  ),
  value(
    `${LMQTT}/events/dropped`,
    'messages',
    'Client events left out because too much waited to be written.',
    ({ gateway }) => gateway.clientEventsDropped,
  ),
  value(
    `${LMQTT}/event_loop/stalls`,
    'stalls',
    'Times that the event loop was late by more than 20 ms.',
    ({ stalls }) => stalls.count,
  ),
  value(
    `${LMQTT}/event_loop/stall_milliseconds`,
    'milliseconds',
    'Time that it was late in these stalls.',
    ({ stalls }) => Math.round(stalls.milliseconds),
  ),
];
