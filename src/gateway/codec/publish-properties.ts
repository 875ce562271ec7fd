import { NO_EXPIRY } from '../../lmq/spi/record.ts';
import { isValidTopicName } from '../../common/topic/topic-name.ts';
import { MqttProtocolError } from './protocol-error.ts';
import { PropertyId, PropertySet } from './property-set.ts';
import { ReasonCode } from './reason-code.ts';
import { WireReader } from './wire-reader.ts';

const NONE = Buffer.alloc(0);

/** `PropertyId` of the topic alias, which PUBLISH alone has. */
const ALLOWED = [
  PropertyId.PAYLOAD_FORMAT_INDICATOR,
  PropertyId.MESSAGE_EXPIRY_INTERVAL,
  PropertyId.CONTENT_TYPE,
  PropertyId.RESPONSE_TOPIC,
  PropertyId.CORRELATION_DATA,
  PropertyId.TOPIC_ALIAS,
] as const;

/** The properties of a PUBLISH that has come in (MQTT 5 §3.3.2.3). */
export interface PublishProperties {
  /** What goes to subscribers as it is: all but message expiry and topic alias, in their order. */
  readonly stored: Buffer;
  /** Seconds, or `NO_EXPIRY`. */
  readonly expirySeconds: number;
  /** 0 = none. */
  readonly topicAlias: number;
  /** First byte of the payload. */
  readonly payloadStart: number;
}

/**
 * Reads the properties at `start`. A copy is made only where something has to be left out.
 * @throws MqttProtocolError for a property that a client may not send here, or an alias of 0
 */
export function readPublishProperties(
  chunk: Buffer,
  start: number,
  end: number,
): PublishProperties {
  if (start < end && chunk[start] === 0) {
    return { stored: NONE, expirySeconds: NO_EXPIRY, topicAlias: 0, payloadStart: start + 1 };
  }
  const reader = new WireReader(chunk, start, end);
  const kept: Buffer[] = [];
  const set = PropertySet.read(reader, ALLOWED, (id, from, to) => {
    if (id === PropertyId.MESSAGE_EXPIRY_INTERVAL || id === PropertyId.TOPIC_ALIAS) return;
    kept.push(chunk.subarray(from, to));
  });
  const topicAlias = set.number(PropertyId.TOPIC_ALIAS, 0);
  if (topicAlias === 0 && set.has(PropertyId.TOPIC_ALIAS)) {
    throw new MqttProtocolError(ReasonCode.TOPIC_ALIAS_INVALID, 'topic alias 0 [MQTT-3.3.2-8]');
  }
  const responseTopic = set.text(PropertyId.RESPONSE_TOPIC);
  if (responseTopic !== undefined && !isValidTopicName(responseTopic)) {
    throw new MqttProtocolError(
      ReasonCode.PROTOCOL_ERROR,
      'response topic with wildcards [MQTT-3.3.2-14]',
    );
  }
  return {
    stored: kept.length === 0 ? NONE : Buffer.concat(kept),
    expirySeconds: expiryOf(set),
    topicAlias,
    payloadStart: reader.position,
  };
}

/** The largest interval has the number that stands for none: a second of 136 years is left out. */
function expiryOf(set: PropertySet): number {
  if (!set.has(PropertyId.MESSAGE_EXPIRY_INTERVAL)) return NO_EXPIRY;
  return Math.min(set.number(PropertyId.MESSAGE_EXPIRY_INTERVAL, 0), NO_EXPIRY - 1);
}
