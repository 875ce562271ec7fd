import { LONGEST_EXPIRY, NO_EXPIRY } from '../../lmq/spi/record.ts';
import { MqttProtocolError } from './protocol-error.ts';
import { PropertyId } from './property-set.ts';
import { ReasonCode } from './reason-code.ts';
import { checkResponseTopic } from './response-topic.ts';
import { WireReader } from './wire-reader.ts';

const NONE = Buffer.alloc(0);
/** Length of a block that has a topic alias and nothing else, and of that alias. */
const ALIAS_BYTES = 3;

/** The properties of a PUBLISH that has come in (MQTT 5 §3.3.2.3). */
export interface PublishProperties {
  /** What goes to subscribers as it is: all but message expiry and topic alias, in their order. */
  readonly stored: Buffer;
  /** Seconds, or `NO_EXPIRY`. */
  readonly expirySeconds: number;
  /** 0 = none. */
  readonly topicAlias: number;
  /** Bytes of the block, its length among them: the payload follows. */
  readonly bytes: number;
}

const NO_PROPERTIES: PublishProperties = {
  stored: NONE,
  expirySeconds: NO_EXPIRY,
  topicAlias: 0,
  bytes: 1,
};

/**
 * Reads the properties at `start`; what is stored is a copy. A scan rather than a `PropertySet`: it runs for
 * each message, and of most properties only the form matters.
 * @throws MqttProtocolError for a property that a client may not send here, or an alias of 0
 */
export function readPublishProperties(
  chunk: Buffer,
  start: number,
  end: number,
): PublishProperties {
  const length = chunk[start];
  if (start < end && length === 0) {
    return NO_PROPERTIES;
  }
  if (
    length === ALIAS_BYTES &&
    start + ALIAS_BYTES < end &&
    chunk[start + 1] === PropertyId.TOPIC_ALIAS
  ) {
    const topicAlias = checkAlias(
      ((chunk[start + 2] as number) << 8) | (chunk[start + 3] as number),
    );
    return { stored: NONE, expirySeconds: NO_EXPIRY, topicAlias, bytes: 1 + ALIAS_BYTES };
  }
  return scan(chunk, start, end);
}

function scan(chunk: Buffer, start: number, end: number): PublishProperties {
  const whole = new WireReader(chunk, start, end);
  const reader = whole.part(whole.varint('property length'), 'properties');
  const first = reader.position;
  let seen = 0;
  let expirySeconds: number = NO_EXPIRY;
  let topicAlias = 0;
  // The two that are left out of what is stored.
  let expiryAt = reader.end;
  let aliasAt = reader.end;
  while (reader.position < reader.end) {
    // A packet may be full of them.
    reader.skipPairs(PropertyId.USER_PROPERTY, 'user property');
    const at = reader.position;
    if (at === reader.end) break;
    const id = reader.varint('property identifier');
    if (id > 31 ? id !== PropertyId.TOPIC_ALIAS : (ALLOWED_BITS & (1 << id)) === 0) {
      throw notAllowed(id);
    }
    // The topic alias takes bit 0, which is no identifier.
    const bit = id > 31 ? 1 : 1 << id;
    if ((seen & bit) !== 0) throw protocolError(`property ${id} comes twice`);
    seen |= bit;
    if (id === PropertyId.MESSAGE_EXPIRY_INTERVAL) {
      // The largest interval has the number that stands for none: a second of 136 years is left out.
      expirySeconds = Math.min(reader.u32('property'), LONGEST_EXPIRY);
      expiryAt = at;
    } else if (id === PropertyId.TOPIC_ALIAS) {
      topicAlias = reader.u16('property');
      aliasAt = at;
    } else {
      skipStored(reader, id);
    }
  }
  if (aliasAt < reader.end) checkAlias(topicAlias);
  const stored = without(chunk, first, reader.end, expiryAt, aliasAt);
  return { stored, expirySeconds, topicAlias, bytes: reader.end - start };
}

/** `PropertyId` of the topic alias, which PUBLISH alone has, is over 31. */
const ALLOWED_BITS =
  (1 << PropertyId.PAYLOAD_FORMAT_INDICATOR) |
  (1 << PropertyId.MESSAGE_EXPIRY_INTERVAL) |
  (1 << PropertyId.CONTENT_TYPE) |
  (1 << PropertyId.RESPONSE_TOPIC) |
  (1 << PropertyId.CORRELATION_DATA);

/** Checks the form of a property that is stored as it came. */
function skipStored(reader: WireReader, id: number): void {
  if (id === PropertyId.PAYLOAD_FORMAT_INDICATOR) {
    if (reader.u8('property') > 1) throw protocolError('property is neither 0 nor 1');
  } else if (id === PropertyId.CORRELATION_DATA) {
    reader.skipBinary('property');
  } else if (id === PropertyId.CONTENT_TYPE) {
    reader.skipString('property');
  } else {
    checkResponseTopic(reader.string('property'));
  }
}

const EXPIRY_BYTES = 5;

/** A copy of `chunk[start, end)` without the message expiry and the topic alias at these places. */
function without(
  chunk: Buffer,
  start: number,
  end: number,
  expiryAt: number,
  aliasAt: number,
): Buffer {
  const isExpiryFirst = expiryAt < aliasAt;
  const first = isExpiryFirst ? expiryAt : aliasAt;
  const second = isExpiryFirst ? aliasAt : expiryAt;
  const afterFirst = Math.min(end, first + (isExpiryFirst ? EXPIRY_BYTES : ALIAS_BYTES));
  const afterSecond = Math.min(end, second + (isExpiryFirst ? ALIAS_BYTES : EXPIRY_BYTES));
  const length = first - start + (second - afterFirst) + (end - afterSecond);
  if (length === 0) return NONE;
  const stored = Buffer.allocUnsafe(length);
  chunk.copy(stored, 0, start, first);
  if (afterFirst < second) chunk.copy(stored, first - start, afterFirst, second);
  if (afterSecond < end) chunk.copy(stored, length - (end - afterSecond), afterSecond, end);
  return stored;
}

function checkAlias(alias: number): number {
  if (alias !== 0) return alias;
  throw new MqttProtocolError(ReasonCode.TOPIC_ALIAS_INVALID, 'topic alias 0 [MQTT-3.3.2-8]');
}

function protocolError(message: string): MqttProtocolError {
  return new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, message);
}

function notAllowed(id: number): MqttProtocolError {
  return new MqttProtocolError(
    ReasonCode.MALFORMED_PACKET,
    `property ${id} does not belong into this packet`,
  );
}
