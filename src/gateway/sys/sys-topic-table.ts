import { lmqttTopics } from './lmqtt-topics.ts';
import type { SysSample } from './sys-sample.ts';
import { load, value, type SysTopic } from './sys-topic.ts';

const BROKER = '$SYS/broker';

const connected = ({ gateway }: SysSample): number => gateway.sessionsCurrent;
const disconnected = ({ gateway }: SysSample): number => Math.max(0, gateway.sessionsOffline);
const packetsReceived = ({ gateway }: SysSample): number =>
  gateway.messagesReceived + gateway.controlPacketsReceived;
const packetsSent = ({ gateway }: SysSample): number =>
  gateway.messagesSent + gateway.controlPacketsSent;
const stored = ({ store }: SysSample): number => store.recordsStored;
const dropped = ({ gateway }: SysSample): number =>
  gateway.qos0Dropped + gateway.queueFullDropped + gateway.messagesLostToRetention;

/** Packets that wait are encoded already and not counted one by one: their bytes by the mean size. */
function packetsUnsent(sample: SysSample): number {
  const { unsentBytes, gateway } = sample;
  if (unsentBytes === 0 || gateway.bytesSent === 0) return 0;
  return Math.ceil((unsentBytes * packetsSent(sample)) / gateway.bytesSent);
}

const clientTopics: readonly SysTopic[] = [
  value(
    `${BROKER}/clients/total`,
    'clients',
    'Clients connected and disconnected.',
    (sample) => connected(sample) + disconnected(sample),
  ),
  value(`${BROKER}/clients/connected`, 'clients', 'Clients connected.', connected),
  value(`${BROKER}/clients/active`, 'clients', 'The same, under its older name.', connected),
  value(
    `${BROKER}/clients/disconnected`,
    'clients',
    'Clients with a stored session that are not connected.',
    disconnected,
  ),
  value(`${BROKER}/clients/inactive`, 'clients', 'The same, under its older name.', disconnected),
  value(
    `${BROKER}/clients/maximum`,
    'clients',
    'Most clients connected at a time.',
    ({ gateway }) => gateway.sessionsMaximum,
  ),
  value(
    `${BROKER}/clients/expired`,
    'clients',
    'Sessions ended because their client did not come back in time.',
    ({ gateway }) => gateway.sessionsExpired,
  ),
];

const messageTopics: readonly SysTopic[] = [
  value(`${BROKER}/messages/received`, 'packets', 'Packets received, all types.', packetsReceived),
  value(`${BROKER}/messages/sent`, 'packets', 'Packets sent, all types.', packetsSent),
  value(
    `${BROKER}/messages/stored`,
    'messages',
    'The same as store/messages/count, under its older name.',
    stored,
  ),
  value(
    `${BROKER}/store/messages/count`,
    'messages',
    'Messages in the log: read or not, as long as retention keeps them.',
    stored,
  ),
  value(
    `${BROKER}/store/messages/bytes`,
    'bytes',
    'Size of the log, before compression.',
    ({ store }) => store.bytesStored,
  ),
  value(
    `${BROKER}/publish/messages/received`,
    'messages',
    'PUBLISH packets received.',
    ({ gateway }) => gateway.messagesReceived,
  ),
  value(
    `${BROKER}/publish/messages/sent`,
    'messages',
    'PUBLISH packets sent, repetitions among them.',
    ({ gateway }) => gateway.messagesSent,
  ),
  value(
    `${BROKER}/publish/messages/dropped`,
    'messages',
    'Messages not delivered for want of room: QoS 0 to a full socket, others over the limits of a queue or removed by retention before they were read.',
    dropped,
  ),
  value(
    `${BROKER}/publish/bytes/received`,
    'bytes',
    'Payloads of PUBLISH packets received.',
    ({ gateway }) => gateway.payloadBytesReceived,
  ),
  value(
    `${BROKER}/publish/bytes/sent`,
    'bytes',
    'Payloads of PUBLISH packets sent.',
    ({ gateway }) => gateway.payloadBytesSent,
  ),
];

const otherTopics: readonly SysTopic[] = [
  value(
    `${BROKER}/bytes/received`,
    'bytes',
    'Bytes received from clients.',
    ({ gateway }) => gateway.bytesReceived,
  ),
  value(
    `${BROKER}/bytes/sent`,
    'bytes',
    'Bytes sent to clients.',
    ({ gateway }) => gateway.bytesSent,
  ),
  value(
    `${BROKER}/connections/socket/count`,
    'connections',
    'Connections accepted, those refused afterwards among them.',
    ({ gateway }) => gateway.connectionsAccepted,
  ),
  value(
    `${BROKER}/packet/out/count`,
    'packets',
    'Packets that wait for a socket: estimated from packet/out/bytes and the mean size of a packet.',
    packetsUnsent,
  ),
  value(
    `${BROKER}/packet/out/bytes`,
    'bytes',
    'Bytes that wait for a socket, all connections.',
    ({ unsentBytes }) => unsentBytes,
  ),
  value(
    `${BROKER}/subscriptions/count`,
    'subscriptions',
    'Subscriptions of all sessions.',
    ({ gateway }) => gateway.subscriptionsCurrent + Math.max(0, gateway.subscriptionsOffline),
  ),
  value(
    `${BROKER}/shared_subscriptions/count`,
    'subscriptions',
    'Shared subscriptions of connected clients.',
    ({ gateway }) => gateway.sharedSubscriptionsCurrent,
  ),
  value(
    `${BROKER}/retained messages/count`,
    'messages',
    'Retained messages, those of $SYS not among them.',
    ({ gateway }) => gateway.retainedCurrent,
  ),
  value(
    `${BROKER}/heap/current`,
    'bytes',
    'JavaScript heap and buffers in use; the memory of RocksDB is not among it.',
    ({ heapBytes }) => heapBytes,
  ),
  value(
    `${BROKER}/heap/maximum`,
    'bytes',
    'Largest heap/current so far.',
    ({ heapMaximum }) => heapMaximum,
  ),
];

const loadTopics: readonly SysTopic[] = [
  load(`${BROKER}/load/messages/received`, 'packets', 'Packets received.', packetsReceived),
  load(`${BROKER}/load/messages/sent`, 'packets', 'Packets sent.', packetsSent),
  load(`${BROKER}/load/publish/dropped`, 'messages', 'Messages dropped.', dropped),
  load(
    `${BROKER}/load/publish/received`,
    'messages',
    'PUBLISH packets received.',
    ({ gateway }) => gateway.messagesReceived,
  ),
  load(
    `${BROKER}/load/publish/sent`,
    'messages',
    'PUBLISH packets sent.',
    ({ gateway }) => gateway.messagesSent,
  ),
  load(
    `${BROKER}/load/bytes/received`,
    'bytes',
    'Bytes received.',
    ({ gateway }) => gateway.bytesReceived,
  ),
  load(`${BROKER}/load/bytes/sent`, 'bytes', 'Bytes sent.', ({ gateway }) => gateway.bytesSent),
  load(
    `${BROKER}/load/sockets`,
    'connections',
    'Connections accepted.',
    ({ gateway }) => gateway.connectionsAccepted,
  ),
  load(
    `${BROKER}/load/connections`,
    'packets',
    'CONNECT packets received.',
    ({ gateway }) => gateway.connectsReceived,
  ),
];

/** The topics that mosquitto has, under its names. */
export const brokerTopics: readonly SysTopic[] = [
  value(
    `${BROKER}/version`,
    'text',
    'Version of the broker. Static.',
    ({ version }) => `lmqtt version ${version}`,
  ),
  value(
    `${BROKER}/uptime`,
    'seconds',
    'Time since the start, as `N seconds`.',
    ({ uptimeSeconds }) => `${Math.floor(uptimeSeconds)} seconds`,
  ),
  ...clientTopics,
  ...messageTopics,
  ...otherTopics,
  ...loadTopics,
];

/** Every topic under `$SYS`, in the order of `docs/sys-topics.md`. */
export const sysTopicTable: readonly SysTopic[] = [...brokerTopics, ...lmqttTopics];
