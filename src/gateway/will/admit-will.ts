import { isUtf8 } from 'node:buffer';
import { Action, type Authorizer, type Principal } from '../../auth/types.ts';
import { announcesUtf8 } from '../codec/payload-format.ts';
import { MqttProtocolError, TopicLimitError } from '../codec/protocol-error.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import type { Will } from '../codec/will.ts';
import { exceedsTopicLimits, type TopicLimits } from '../routing/topic-limits.ts';
import type { TopicMetadata } from '../routing/topic-metadata.ts';

/** What decides whether a client may have a will. */
export interface WillRules {
  readonly metadata: TopicMetadata;
  readonly authorizer: Authorizer | undefined;
  readonly limits: TopicLimits;
  readonly payloadFormatCheck: boolean;
}

/**
 * Checks a will at CONNECT as its PUBLISH would be.
 * @throws MqttProtocolError NOT_AUTHORIZED (CONNACK 5 in MQTT 3.1.1), or TOPIC_NAME_INVALID for too many
 *   levels or bytes, PAYLOAD_FORMAT_INVALID for a payload that is not the UTF-8 which it is said to be
 */
export function admitWill(will: Will, principal: Principal, rules: WillRules): void {
  const { metadata, authorizer, limits } = rules;
  if (exceedsTopicLimits(will.topic, Buffer.byteLength(will.topic), limits)) {
    throw new TopicLimitError('will topic has too many levels or bytes');
  }
  if (rules.payloadFormatCheck && announcesUtf8(will.properties) && !isUtf8(will.payload)) {
    throw new MqttProtocolError(
      ReasonCode.PAYLOAD_FORMAT_INVALID,
      'the payload of the will is not UTF-8',
    );
  }
  if (authorizer?.authorize(principal, Action.PUBLISH, will.topic) === false) {
    throw new MqttProtocolError(ReasonCode.NOT_AUTHORIZED, 'not authorized to publish the will');
  }
  if (!metadata.isPublishable(will.topic)) {
    throw new MqttProtocolError(
      ReasonCode.NOT_AUTHORIZED,
      'first level of the will topic is not registered (ALL_FIRST_TOPICS)',
    );
  }
}
