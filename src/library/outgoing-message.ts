import { isValidTopicName } from '../common/topic/topic-name.ts';
import {
  encodeMessageProperties,
  type MessageProperties,
} from '../gateway/codec/message-properties.ts';
import { expiryOf, isQos } from '../gateway/hooks/publish-message.ts';
import type { OutgoingMessage } from '../gateway/message-publisher.ts';

/** A message that the program itself publishes. */
export interface MessageToPublish {
  readonly topic: string;
  /** A text is sent as UTF-8; empty unless given. */
  readonly payload?: Buffer | string;
  /** 1 unless given. */
  readonly qos?: 0 | 1 | 2;
  /** False unless given. */
  readonly retain?: boolean;
  /** Message expiry interval, seconds; none unless given. */
  readonly expirySeconds?: number | undefined;
  readonly properties?: MessageProperties;
}

/** @throws TypeError or RangeError for what MQTT cannot carry */
export function outgoingMessageOf(message: MessageToPublish): OutgoingMessage {
  const { topic, payload = '', qos = 1, retain = false, expirySeconds, properties = {} } = message;
  if (!isValidTopicName(topic)) throw new TypeError(`'${topic}' is no topic name`);
  if (!isQos(qos)) throw new RangeError(`QoS ${String(qos)} does not exist`);
  return {
    topic,
    payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
    qos,
    retain,
    expirySeconds: expirySeconds === undefined ? undefined : expiryOf(expirySeconds),
    properties: encodeMessageProperties(properties),
  };
}
