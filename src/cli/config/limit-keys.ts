import type { ConfSpec } from '../../common/config/conf-spec.ts';
import { choice, integer } from '../../common/config/key-schema.ts';
import type { PublishRateExceeded, QueueFullPolicy } from '../../gateway/types.ts';

/** Keys of `connect.conf` for limits on topics, on what a client publishes and on what waits for it. */
export interface LimitConf {
  maxTopicLength: number;
  maxFiltersPerPacket: number;
  maxPublishRate: number;
  maxPublishBytesRate: number;
  publishRateExceeded: PublishRateExceeded;
  maxQueuedMessages: number;
  maxQueuedBytes: number;
  queueFullPolicy: QueueFullPolicy;
}

export const limitKeys: ConfSpec<LimitConf>['keys'] = {
  maxTopicLength: integer({
    default: 65_535,
    minimum: 16,
    maximum: 65_535,
    unit: 'bytes',
    description: 'Longest topic name or filter in UTF-8.',
  }),
  maxFiltersPerPacket: integer({
    default: 10_000,
    minimum: 1,
    maximum: 1_000_000,
    unit: 'filters',
    description:
      'Most topic filters of one SUBSCRIBE or UNSUBSCRIBE packet. More of them are refused in SUBACK; an UNSUBSCRIBE with more ends the connection.',
  }),
  maxPublishRate: integer({
    default: 0,
    minimum: 0,
    maximum: 10_000_000,
    unit: 'messages a second',
    description:
      'Most PUBLISH packets that one connection may send in a second on average; as many may come at once. 0: no limit.',
  }),
  maxPublishBytesRate: integer({
    default: 0,
    minimum: 0,
    maximum: 10_737_418_240,
    unit: 'bytes a second',
    description:
      'Most bytes of PUBLISH packets that one connection may send in a second on average; as many may come at once. 0: no limit.',
  }),
  publishRateExceeded: choice<PublishRateExceeded>(['pause', 'refuse', 'disconnect'], {
    default: 'pause',
    description:
      'What happens to a client that publishes faster. pause: its connection is not read until it may publish again.\nrefuse: MQTT 5 gets PUBACK or PUBREC 0x97 (QoS 0 messages are dropped), older versions are paused.\ndisconnect: MQTT 5 gets DISCONNECT 0x96, older versions are closed.',
  }),
  maxQueuedMessages: integer({
    default: 0,
    minimum: 0,
    maximum: 1_000_000_000,
    unit: 'messages',
    description:
      'Most QoS 1 and 2 messages that wait for one session, those in flight apart (docs/limits.md). 0: no limit; they wait on disk, as long as fileReservedTime and maxLogBytes of lmq.conf keep them.',
  }),
  maxQueuedBytes: integer({
    default: 0,
    minimum: 0,
    maximum: 1_099_511_627_776,
    unit: 'bytes',
    description:
      'Most bytes, as stored, of the QoS 1 and 2 messages that wait for one session. 0: no limit, as above.',
  }),
  queueFullPolicy: choice<QueueFullPolicy>(['dropOldest', 'dropNewest'], {
    default: 'dropOldest',
    description:
      'Which messages a session does not get when more wait than maxQueuedMessages or maxQueuedBytes. QoS 0 messages never wait: they are dropped first (highWater).',
  }),
};
