import type { ConfSpec } from '../../common/config/conf-spec.ts';
import { choice, flag, integer, port, text } from '../../common/config/key-schema.ts';
import { type GatewayNodeConf, gatewayNodeKeys } from './gateway-node-keys.ts';
import { type LimitConf, limitKeys } from './limit-keys.ts';
import { type RuleConf, ruleKeys } from './rule-keys.ts';
import { ShareStrategyName } from '../../gateway/share/share-strategy.ts';
import { listenerAliases, type ListenerConf, listenerKeys } from './listener-keys.ts';
import { type ServerTopicConf, serverTopicKeys } from './server-topic-keys.ts';
import { retiredConnectKeys } from './retired-connect-keys.ts';

/** `conf/connect.conf`: the MQTT listeners and their limits. */
export interface ConnectConf
  extends ListenerConf, LimitConf, RuleConf, ServerTopicConf, GatewayNodeConf {
  mqttHost: string;
  mqttPort: number;
  backlog: number;
  maxConn: number;
  connectTimeoutMs: number;
  maxPacketSizeInByte: number;
  maxClientIdLength: number;
  maxTopicLevels: number;
  topicAliasMaximum: number;
  topicAliasMaximumOut: number;
  receiveMaximum: number;
  maxSessionExpirySeconds: number;
  maxSubscriptionsPerClient: number;
  maxSubscriptionBytesPerClient: number;
  maxInflight: number;
  highWater: number;
  pullBatchSize: number;
  maxRetainedMessages: number;
  maxRetainedBytes: number;
  autoCreateTopic: boolean;
  autoCreateWildcard: boolean;
  storeQos0: boolean;
  sessionFlushIntervalMs: number;
  sharedSubscriptionStrategy: ShareStrategyName;
  sharedSubscriptionExpirySeconds: number;
  tcpKeepAliveIdleSeconds: number;
  tcpKeepAliveIntervalSeconds: number;
  tcpKeepAliveProbes: number;
  tcpUserTimeoutMs: number;
  stopTimeoutMs: number;
  enablePrometheus: boolean;
  exporterHost: string;
  exporterPort: number;
  exportProcessInfo: boolean;
}

const MEBIBYTE = 1024 * 1024;

export const connectConf: ConfSpec<ConnectConf> = {
  name: 'connect',
  title: 'The MQTT listeners, their limits and how messages reach clients.',
  aliases: listenerAliases,
  keys: {
    mqttHost: text({
      default: '127.0.0.1',
      minLength: 1,
      description:
        'Addresses of MQTT over TCP, host or host:port, separated by commas. 0.0.0.0 is every IPv4 address, :: every address.\nAny other than loopback needs username and secretKey, or allowAnonymous=true, in service.conf.',
    }),
    mqttPort: port({ default: 1883, description: 'Port of MQTT over TCP. 0 takes a free one.' }),
    ...listenerKeys,
    backlog: integer({
      default: 8192,
      minimum: 1,
      maximum: 65535,
      unit: 'connections',
      description: 'Length of the accept queue; the system may hold it lower (net.core.somaxconn).',
    }),
    maxConn: integer({
      default: 100_000,
      minimum: 1,
      maximum: 10_000_000,
      unit: 'connections',
      description: 'Most connections at a time; one more is refused.',
    }),
    connectTimeoutMs: integer({
      default: 10_000,
      minimum: 100,
      maximum: 600_000,
      unit: 'ms',
      description: 'A connection that has not sent CONNECT by then is closed.',
    }),
    maxPacketSizeInByte: integer({
      default: MEBIBYTE,
      minimum: 1024,
      maximum: 268_435_460,
      unit: 'bytes',
      description:
        'Largest MQTT packet accepted. Checked at the fixed header, before anything is buffered.\nApache RocketMQ MQTT has 65536 here (docs/adr/0201).',
    }),
    maxClientIdLength: integer({
      default: 1024,
      minimum: 23,
      maximum: 65535,
      unit: 'bytes',
      description: 'Longest client identifier accepted.',
    }),
    maxTopicLevels: integer({
      default: 256,
      minimum: 1,
      maximum: 65535,
      unit: 'levels',
      description: 'Most levels of a topic name or filter.',
    }),
    ...limitKeys,
    topicAliasMaximum: integer({
      default: 64,
      minimum: 0,
      maximum: 65_535,
      unit: 'aliases',
      description: 'Topic aliases that a MQTT 5 client may set on its connection; 0 = none.',
    }),
    topicAliasMaximumOut: integer({
      default: 32,
      minimum: 0,
      maximum: 65_535,
      unit: 'aliases',
      description:
        'Topic aliases that the gateway sets on the connection of a MQTT 5 client, for the topics that it is sent most; never more than the client takes; 0 = none.',
    }),
    receiveMaximum: integer({
      default: 1024,
      minimum: 1,
      maximum: 65_535,
      unit: 'messages',
      description:
        'Unacknowledged QoS 1 and 2 publishes that a MQTT 5 client may have under way to us.',
    }),
    ...ruleKeys,
    maxSessionExpirySeconds: integer({
      default: 4_294_967_295,
      minimum: 1,
      maximum: 4_294_967_295,
      unit: 'seconds',
      description:
        'Longest time that a session outlives its connection, also of 3.1.1 clients without clean session; 4294967295 = for ever.',
    }),
    maxSubscriptionsPerClient: integer({
      default: 10_000,
      minimum: 1,
      maximum: 10_000_000,
      unit: 'subscriptions',
      description: 'Most subscriptions of one session; one more is refused in SUBACK.',
    }),
    maxSubscriptionBytesPerClient: integer({
      default: 1_048_576,
      minimum: 1024,
      maximum: 1_073_741_824,
      unit: 'bytes',
      description: 'Most bytes of all topic filters of one session; one more is refused in SUBACK.',
    }),
    maxInflight: integer({
      default: 16_384,
      minimum: 1,
      maximum: 65535,
      unit: 'messages',
      description:
        'QoS 1 and 2 messages on the way to one client and not yet acknowledged. Delivery goes on as they are.',
    }),
    highWater: integer({
      default: 256 * 1024,
      minimum: 4096,
      maximum: 1024 * MEBIBYTE,
      unit: 'bytes',
      description:
        'Bytes that wait for one socket above which delivery to it stops, and QoS 0 messages for it are dropped, until it has drained.',
    }),
    pullBatchSize: integer({
      default: 256,
      minimum: 1,
      maximum: 65535,
      unit: 'messages',
      description:
        "Most messages read for one subscription before the next one's turn.\nApache RocketMQ MQTT has 32 here (docs/adr/0201).",
    }),
    maxRetainedMessages: integer({
      default: 1_000_000,
      minimum: 0,
      maximum: 100_000_000,
      unit: 'topics',
      description:
        'Most topics with a retained message. With as many, those that have one can be updated; a message for another topic is delivered but not retained. Each takes about 500 bytes of memory.',
    }),
    maxRetainedBytes: integer({
      default: 256 * MEBIBYTE,
      minimum: 0,
      maximum: 1_099_511_627_776,
      unit: 'bytes',
      description:
        'Most bytes of all retained messages, on disk. A message that does not fit is delivered but not retained, and its topic is left without one.',
    }),
    autoCreateTopic: flag({
      default: true,
      description:
        'Publishing or subscribing under a new first topic level registers it. When false, unknown ones are refused until an operator adds them to ALL_FIRST_TOPICS.',
    }),
    autoCreateWildcard: flag({
      default: true,
      description:
        'Subscribing to a new wildcard filter registers it. When false, only filters that an operator has registered are accepted.',
    }),
    storeQos0: flag({
      default: true,
      description: 'Messages published at QoS 0 are stored too, for back-end readers of the queue.',
    }),
    ...serverTopicKeys,
    sessionFlushIntervalMs: integer({
      default: 1000,
      minimum: 10,
      maximum: 60_000,
      unit: 'ms',
      description:
        'How often the delivery progress of persistent sessions is saved. A crash redelivers (with DUP) at most what was acknowledged since.',
    }),
    sharedSubscriptionStrategy: choice(Object.values(ShareStrategyName), {
      default: ShareStrategyName.ROUND_ROBIN,
      description:
        'How the members of a shared subscription ($share/{group}/{filter}, $queue/{filter}) get its messages: round_robin, random, sticky (one member until it leaves), hash_clientid or hash_topic (all messages of one publisher or topic to one member, in order; they wait while it has no room).',
    }),
    sharedSubscriptionExpirySeconds: integer({
      default: 0,
      minimum: 0,
      maximum: 31_536_000,
      unit: 'seconds',
      description:
        'How long a shared subscription, with its position and the messages that nobody has had, outlives its last subscriber. 0 = it ends with it (MQTT 5, 4.8.2).',
    }),
    tcpKeepAliveIdleSeconds: integer({
      default: 60,
      minimum: 0,
      maximum: 32_767,
      unit: 's',
      description:
        "Silence after which TCP probes a peer (needs the package net-keepalive). 0 leaves the system's value.",
    }),
    tcpKeepAliveIntervalSeconds: integer({
      default: 10,
      minimum: 0,
      maximum: 32_767,
      unit: 's',
      description: "Time between TCP probes. 0 leaves the system's value.",
    }),
    tcpKeepAliveProbes: integer({
      default: 3,
      minimum: 0,
      maximum: 127,
      unit: 'probes',
      description: "Unanswered probes that close the connection. 0 leaves the system's value.",
    }),
    tcpUserTimeoutMs: integer({
      default: 60_000,
      minimum: 0,
      maximum: 2_147_483_647,
      unit: 'ms',
      description:
        "Time that sent bytes may stay unacknowledged by the peer's TCP. 0 leaves the system's value.",
    }),
    stopTimeoutMs: integer({
      default: 10_000,
      minimum: 100,
      maximum: 600_000,
      unit: 'ms',
      description: 'Time to drain and save everything on stop before the process gives up.',
    }),
    ...gatewayNodeKeys,
    enablePrometheus: flag({
      default: false,
      description: 'Serve health and metrics over HTTP (docs/metrics.md).',
    }),
    exporterHost: text({
      default: '127.0.0.1',
      minLength: 1,
      description:
        'Address of that HTTP server. It has no sign-in: keep it to loopback or a trusted network.',
    }),
    exporterPort: port({
      default: 9090,
      description: 'Port of that HTTP server. 0 takes a free one.',
    }),
    exportProcessInfo: flag({
      default: true,
      description: 'Metrics of the process and of Node.js too: CPU, memory, event loop.',
    }),
  },
  retired: retiredConnectKeys,
};
