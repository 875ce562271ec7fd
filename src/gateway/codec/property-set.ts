/** Properties of MQTT 5 (§2.2.2): one reader for all packets; each packet names those that it may carry. */
import { MqttProtocolError } from './protocol-error.ts';
import { ReasonCode } from './reason-code.ts';
import { WireReader } from './wire-reader.ts';

/** Property identifiers that clients send (table 2-4). */
export const PropertyId = {
  PAYLOAD_FORMAT_INDICATOR: 0x01,
  MESSAGE_EXPIRY_INTERVAL: 0x02,
  CONTENT_TYPE: 0x03,
  RESPONSE_TOPIC: 0x08,
  CORRELATION_DATA: 0x09,
  SUBSCRIPTION_IDENTIFIER: 0x0b,
  SESSION_EXPIRY_INTERVAL: 0x11,
  AUTHENTICATION_METHOD: 0x15,
  AUTHENTICATION_DATA: 0x16,
  REQUEST_PROBLEM_INFORMATION: 0x17,
  WILL_DELAY_INTERVAL: 0x18,
  REQUEST_RESPONSE_INFORMATION: 0x19,
  RECEIVE_MAXIMUM: 0x21,
  REASON_STRING: 0x1f,
  TOPIC_ALIAS_MAXIMUM: 0x22,
  TOPIC_ALIAS: 0x23,
  USER_PROPERTY: 0x26,
  MAXIMUM_PACKET_SIZE: 0x27,
} as const;
export type PropertyId = (typeof PropertyId)[keyof typeof PropertyId];

/** A user property (MQTT 5 §3.3.2.3.7): means to the receiver what sender and receiver have agreed on. */
export interface UserProperty {
  readonly name: string;
  readonly value: string;
}

type Value = number | string | Buffer;

const readBoolean = (reader: WireReader): number => {
  const value = reader.u8('property');
  if (value > 1)
    throw new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, 'property is neither 0 nor 1');
  return value;
};
const readU16 = (reader: WireReader): number => reader.u16('property');
const readU32 = (reader: WireReader): number => reader.u32('property');
const readString = (reader: WireReader): string => reader.string('property');
// A copy: frames are views of a socket's buffer, which must not live as long as the value.
const readBinary = (reader: WireReader): Buffer => Buffer.from(reader.binary('property'));

const READERS: ReadonlyMap<number, (reader: WireReader) => Value> = new Map<
  number,
  (reader: WireReader) => Value
>([
  [PropertyId.PAYLOAD_FORMAT_INDICATOR, readBoolean],
  [PropertyId.MESSAGE_EXPIRY_INTERVAL, readU32],
  [PropertyId.CONTENT_TYPE, readString],
  [PropertyId.RESPONSE_TOPIC, readString],
  [PropertyId.CORRELATION_DATA, readBinary],
  [PropertyId.SUBSCRIPTION_IDENTIFIER, (reader) => reader.varint('property')],
  [PropertyId.SESSION_EXPIRY_INTERVAL, readU32],
  [PropertyId.AUTHENTICATION_METHOD, readString],
  [PropertyId.AUTHENTICATION_DATA, readBinary],
  [PropertyId.REQUEST_PROBLEM_INFORMATION, readBoolean],
  [PropertyId.WILL_DELAY_INTERVAL, readU32],
  [PropertyId.REQUEST_RESPONSE_INFORMATION, readBoolean],
  [PropertyId.RECEIVE_MAXIMUM, readU16],
  [PropertyId.REASON_STRING, readString],
  [PropertyId.TOPIC_ALIAS_MAXIMUM, readU16],
  [PropertyId.TOPIC_ALIAS, readU16],
  [PropertyId.MAXIMUM_PACKET_SIZE, readU32],
]);

/**
 * Called with every property but user properties: its identifier and its bytes `buffer[start, end)`, identifier
 * included.
 */
export type PropertySpan = (id: number, start: number, end: number) => void;

/** The properties of one packet. */
export class PropertySet {
  readonly #values = new Map<number, Value>();
  /** Where user properties are, as many as stand together: a packet may be full of them, and hardly anybody asks. */
  readonly #userParts: WireReader[] = [];
  #userProperties: readonly UserProperty[] | undefined;

  has(id: PropertyId): boolean {
    return this.#values.has(id);
  }

  number<Default extends number | undefined>(id: PropertyId, otherwise: Default): number | Default {
    const value = this.#values.get(id);
    return typeof value === 'number' ? value : otherwise;
  }

  text(id: PropertyId): string | undefined {
    const value = this.#values.get(id);
    return typeof value === 'string' ? value : undefined;
  }

  bytes(id: PropertyId): Buffer | undefined {
    const value = this.#values.get(id);
    return typeof value === 'object' ? value : undefined;
  }

  /** In order. They are decoded when they are asked for first, from the buffer that the set was read from. */
  get userProperties(): readonly UserProperty[] {
    return (this.#userProperties ??= this.#userParts.flatMap(readUserProperties));
  }

  /** Reads properties with their length, as `readAll` does. */
  static read(reader: WireReader, allowed: readonly PropertyId[]): PropertySet {
    const length = reader.varint('property length');
    return PropertySet.readAll(reader.part(length, 'properties'), allowed);
  }

  /**
   * Reads properties up to the end of `part`. `allowed` lists those the packet may carry besides user
   * properties; none but those may come twice (§2.2.2.2).
   * @throws MqttProtocolError
   */
  static readAll(
    part: WireReader,
    allowed: readonly PropertyId[],
    span?: PropertySpan,
  ): PropertySet {
    const set = new PropertySet();
    set.#skipUserProperties(part);
    while (part.remaining > 0) {
      const start = part.position;
      const id = part.varint('property identifier');
      set.#readOne(part, id, allowed);
      span?.(id, start, part.position);
      set.#skipUserProperties(part);
    }
    return set;
  }

  #skipUserProperties(part: WireReader): void {
    const start = part.position;
    part.skipPairs(PropertyId.USER_PROPERTY, 'user property');
    if (part.position === start) return;
    this.#userParts.push(new WireReader(part.buffer, start, part.position));
  }

  #readOne(part: WireReader, id: number, allowed: readonly number[]): void {
    const read = allowed.includes(id) ? READERS.get(id) : undefined;
    if (read === undefined) {
      throw new MqttProtocolError(
        ReasonCode.MALFORMED_PACKET,
        `property ${id} does not belong into this packet`,
      );
    }
    if (this.#values.has(id)) {
      throw new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, `property ${id} comes twice`);
    }
    this.#values.set(id, read(part));
  }
}

function readUserProperties({ buffer, position, end }: WireReader): UserProperty[] {
  const reader = new WireReader(buffer, position, end);
  const found: UserProperty[] = [];
  while (reader.remaining > 0) {
    reader.u8('property identifier');
    const name = reader.string('user property');
    found.push({ name, value: reader.string('user property') });
  }
  return found;
}
