import { isValidTopicName, mqttUtf8Length } from '../../common/topic/topic-name.ts';
import { PropertyId, PropertySet, type UserProperty } from './property-set.ts';
import { WireReader } from './wire-reader.ts';

/** The MQTT 5 properties that a message keeps on its way from publisher to subscriber (§3.3.2.3). */
export interface MessageProperties {
  /** Payload format indicator: 1 = UTF-8 text. */
  readonly payloadFormatIndicator?: 0 | 1 | undefined;
  readonly contentType?: string | undefined;
  /** A topic name, without wildcards [MQTT-3.3.2-14]. */
  readonly responseTopic?: string | undefined;
  readonly correlationData?: Buffer | undefined;
  /** In order [MQTT-3.3.2-18]; a name may come more than once. */
  readonly userProperties?: readonly UserProperty[] | undefined;
}

const MAX_FIELD_BYTES = 65_535;
const ALLOWED = [
  PropertyId.PAYLOAD_FORMAT_INDICATOR,
  PropertyId.CONTENT_TYPE,
  PropertyId.RESPONSE_TOPIC,
  PropertyId.CORRELATION_DATA,
  PropertyId.SUBSCRIPTION_IDENTIFIER,
] as const;

/** Reads the wire form in which messages are stored: without its length, expiry and alias. */
export function decodeMessageProperties(stored: Buffer): MessageProperties {
  if (stored.length === 0) return {};
  const set = readStored(stored);
  const format = set.number(PropertyId.PAYLOAD_FORMAT_INDICATOR, undefined);
  const { userProperties } = set;
  return {
    ...(format === undefined ? {} : { payloadFormatIndicator: format === 1 ? 1 : 0 }),
    ...present('contentType', set.text(PropertyId.CONTENT_TYPE)),
    ...present('responseTopic', set.text(PropertyId.RESPONSE_TOPIC)),
    ...present('correlationData', set.bytes(PropertyId.CORRELATION_DATA)),
    ...(userProperties.length === 0 ? {} : { userProperties }),
  };
}

/**
 * The wire form of properties, user properties last and in order.
 * @throws TypeError for what MQTT cannot carry: a text that is too long or has U+0000 or a lone surrogate,
 *   a response topic with wildcards
 */
export function encodeMessageProperties(properties: MessageProperties): Buffer {
  const { payloadFormatIndicator, contentType, responseTopic } = properties;
  const { correlationData, userProperties = [] } = properties;
  const parts: Buffer[] = [];
  if (payloadFormatIndicator !== undefined) {
    const value = payloadFormatIndicator === 1 ? 1 : 0;
    parts.push(Buffer.from([PropertyId.PAYLOAD_FORMAT_INDICATOR, value]));
  }
  if (contentType !== undefined) parts.push(id(PropertyId.CONTENT_TYPE), text(contentType));
  if (responseTopic !== undefined) {
    if (!isValidTopicName(responseTopic)) throw new TypeError('responseTopic is no topic name');
    parts.push(id(PropertyId.RESPONSE_TOPIC), text(responseTopic));
  }
  if (correlationData !== undefined) {
    parts.push(id(PropertyId.CORRELATION_DATA), binary(correlationData));
  }
  for (const { name, value } of userProperties) {
    parts.push(id(PropertyId.USER_PROPERTY), text(name), text(value));
  }
  return Buffer.concat(parts);
}

/** The subscription identifiers among stored properties, which a retained message on its way has. */
export function storedSubscriptionIds(stored: Buffer): Buffer {
  const kept: Buffer[] = [];
  if (stored.length > 0) {
    readStored(stored, (property, bytes) => {
      if (property === PropertyId.SUBSCRIPTION_IDENTIFIER) kept.push(bytes);
    });
  }
  return Buffer.concat(kept);
}

function readStored(stored: Buffer, onProperty?: (id: number, bytes: Buffer) => void): PropertySet {
  const reader = new WireReader(stored, 0, stored.length);
  return PropertySet.readAll(reader, ALLOWED, (property, start, end) => {
    onProperty?.(property, stored.subarray(start, end));
  });
}

function present<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): Partial<Record<Key, Value>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, Value>);
}

function id(property: PropertyId): Buffer {
  return Buffer.from([property]);
}

function text(value: string): Buffer {
  const bytes = mqttUtf8Length(value);
  if (bytes < 0 || bytes > MAX_FIELD_BYTES) throw new TypeError('property is no MQTT text');
  return binary(Buffer.from(value));
}

function binary(value: Buffer): Buffer {
  if (value.length > MAX_FIELD_BYTES) throw new TypeError('property is longer than 65,535 bytes');
  const length = Buffer.allocUnsafe(2);
  length.writeUInt16BE(value.length);
  return Buffer.concat([length, value]);
}
