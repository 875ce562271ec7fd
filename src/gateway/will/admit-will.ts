import { Action, type Authorizer, type Principal } from '../../auth/types.ts';
import { levelCount } from '../../common/topic/topic-name.ts';
import { MqttProtocolError } from '../codec/protocol-error.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import type { Will } from '../codec/will.ts';
import type { TopicMetadata } from '../routing/topic-metadata.ts';

/** What decides whether a client may have a will. */
export interface WillRules {
  readonly metadata: TopicMetadata;
  readonly authorizer: Authorizer | undefined;
  readonly maxTopicLevels: number;
}

/**
 * Checks a will at CONNECT as its PUBLISH would be.
 * @throws MqttProtocolError NOT_AUTHORIZED (CONNACK 5 in MQTT 3.1.1), or TOPIC_NAME_INVALID for too many
 *   levels
 */
export function admitWill(will: Will, principal: Principal, rules: WillRules): void {
  const { metadata, authorizer, maxTopicLevels } = rules;
  if (levelCount(will.topic) > maxTopicLevels) {
    throw new MqttProtocolError(ReasonCode.TOPIC_NAME_INVALID, 'will topic has too many levels');
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
