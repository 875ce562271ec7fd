import { PropertyId, PropertySet } from './property-set.ts';
import { checkResponseTopic } from './response-topic.ts';
import type { WireReader } from './wire-reader.ts';

/** The message that the server publishes when the connection ends without a DISCONNECT. */
export interface Will {
  /** A valid topic name. */
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** Time from the end of the connection to the publish, seconds. */
  readonly delaySeconds: number;
  /** Message expiry interval, seconds. */
  readonly expirySeconds: number | undefined;
  /** The other properties of the PUBLISH in wire form and order [MQTT5-3.1.3-10], without their length. */
  readonly properties: Buffer;
}

export type WillProperties = Pick<Will, 'delaySeconds' | 'expirySeconds' | 'properties'>;

/** What a will of MQTT 3.1.1 has. */
export const NO_WILL_PROPERTIES: WillProperties = {
  delaySeconds: 0,
  expirySeconds: undefined,
  properties: Buffer.alloc(0),
};

const ALLOWED = [
  PropertyId.WILL_DELAY_INTERVAL,
  PropertyId.PAYLOAD_FORMAT_INDICATOR,
  PropertyId.MESSAGE_EXPIRY_INTERVAL,
  PropertyId.CONTENT_TYPE,
  PropertyId.RESPONSE_TOPIC,
  PropertyId.CORRELATION_DATA,
];

/**
 * Reads will properties with their length (MQTT 5 §3.1.3.2).
 * @throws MqttProtocolError for what its PUBLISH could not have, too
 */
export function readWillProperties(reader: WireReader): WillProperties {
  const part = reader.part(reader.varint('property length'), 'properties');
  const { buffer, end } = part;
  const kept: Buffer[] = [];
  let from = part.position;
  const set = PropertySet.readAll(part, ALLOWED, (id, start, next) => {
    if (id !== PropertyId.WILL_DELAY_INTERVAL && id !== PropertyId.MESSAGE_EXPIRY_INTERVAL) return;
    kept.push(buffer.subarray(from, start));
    from = next;
  });
  kept.push(buffer.subarray(from, end));
  const responseTopic = set.text(PropertyId.RESPONSE_TOPIC);
  if (responseTopic !== undefined) checkResponseTopic(responseTopic);
  return {
    delaySeconds: set.number(PropertyId.WILL_DELAY_INTERVAL, 0),
    expirySeconds: set.number(PropertyId.MESSAGE_EXPIRY_INTERVAL, undefined),
    properties: Buffer.concat(kept),
  };
}
