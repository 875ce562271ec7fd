import { isValidTopicName } from '../../common/topic/topic-name.ts';
import { MqttProtocolError } from './protocol-error.ts';
import { ReasonCode } from './reason-code.ts';

/**
 * Checks the response topic of a PUBLISH or a will: the topic name of another PUBLISH (MQTT 5 §3.3.2.3.5).
 * @param topic a UTF-8 string that MQTT allows
 * @throws MqttProtocolError when it is empty [MQTT-4.7.3-1] or has wildcards [MQTT5-3.3.2-14]
 */
export function checkResponseTopic(topic: string): void {
  if (isValidTopicName(topic)) return;
  const reason =
    topic === ''
      ? 'response topic is empty [MQTT-4.7.3-1]'
      : 'response topic with wildcards [MQTT-3.3.2-14]';
  throw new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, reason);
}
