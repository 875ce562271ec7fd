/** A second MQTT 5.0 encoder and decoder, for tests only and on purpose not that of `src/`. */
import { field, frame, uint16, type PublishFields, type QoS } from './packets.ts';
import { FieldReader, properties, type Properties } from './properties5.ts';

export interface Will5 {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos?: QoS;
  readonly retain?: boolean;
  readonly properties?: Properties;
}

export interface Connect5Fields {
  readonly clientId: string;
  /** Clean start; true unless given. */
  readonly clean?: boolean;
  /** Seconds; 60 unless given. */
  readonly keepAlive?: number;
  readonly username?: string;
  readonly password?: string | Buffer;
  readonly will?: Will5;
  readonly properties?: Properties;
}

export interface Publish5Fields extends PublishFields {
  readonly properties?: Properties;
}

export interface SubscribeOptions {
  readonly noLocal?: boolean;
  readonly retainAsPublished?: boolean;
  readonly retainHandling?: 0 | 1 | 2 | 3;
}

export function connect5(fields: Connect5Fields): Buffer {
  const { will } = fields;
  let flags = fields.clean === false ? 0 : 0x02;
  if (will !== undefined)
    flags |= 0x04 | ((will.qos ?? 0) << 3) | (will.retain === true ? 0x20 : 0);
  if (fields.password !== undefined) flags |= 0x40;
  if (fields.username !== undefined) flags |= 0x80;
  const body = [
    field('MQTT'),
    Buffer.from([5, flags]),
    uint16(fields.keepAlive ?? 60),
    properties(fields.properties),
    field(fields.clientId),
  ];
  if (will !== undefined)
    body.push(properties(will.properties), field(will.topic), field(will.payload));
  if (fields.username !== undefined) body.push(field(fields.username));
  if (fields.password !== undefined) body.push(field(fields.password));
  return frame(0x10, ...body);
}

export function publish5(fields: Publish5Fields): Buffer {
  const qos = fields.qos ?? 0;
  const first =
    0x30 | (fields.dup === true ? 0x08 : 0) | (qos << 1) | (fields.retain === true ? 0x01 : 0);
  const body = [field(fields.topic)];
  if (qos > 0) body.push(uint16(fields.id ?? 1));
  body.push(properties(fields.properties), Buffer.from(fields.payload ?? ''));
  return frame(first, ...body);
}

const ACK_BYTES = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const;

/** An acknowledgement in its long form when a code or properties are given, else in its short one. */
export function ack5(
  type: keyof typeof ACK_BYTES,
  id: number,
  code?: number,
  list?: Properties,
): Buffer {
  const body = [uint16(id)];
  if (code !== undefined || list !== undefined) body.push(Buffer.from([code ?? 0]));
  if (list !== undefined) body.push(properties(list));
  return frame(ACK_BYTES[type], ...body);
}

export type Subscription5 = readonly [filter: string, qos: QoS, options?: SubscribeOptions];

function optionsByte(qos: QoS, options: SubscribeOptions = {}): number {
  const flags = (options.noLocal === true ? 4 : 0) | (options.retainAsPublished === true ? 8 : 0);
  return qos | flags | ((options.retainHandling ?? 0) << 4);
}

export function subscribe5(
  id: number,
  subscriptions: readonly Subscription5[],
  list: Properties = [],
): Buffer {
  const entries = subscriptions.map(([filter, qos, options]) =>
    Buffer.concat([field(filter), Buffer.from([optionsByte(qos, options)])]),
  );
  return frame(0x82, uint16(id), properties(list), ...entries);
}

export function unsubscribe5(
  id: number,
  filters: readonly string[],
  list: Properties = [],
): Buffer {
  return frame(0xa2, uint16(id), properties(list), ...filters.map(field));
}

export function disconnect5(code = 0, list: Properties = []): Buffer {
  return frame(0xe0, Buffer.from([code]), properties(list));
}

export function auth5(code: number, list: Properties = []): Buffer {
  return frame(0xf0, Buffer.from([code]), properties(list));
}

export interface Publish5 {
  readonly type: 'publish';
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: number;
  readonly dup: boolean;
  readonly retain: boolean;
  /** 0 for QoS 0. */
  readonly id: number;
  readonly properties: Properties;
}

export interface Connack5 {
  readonly type: 'connack';
  readonly sessionPresent: boolean;
  readonly code: number;
  readonly properties: Properties;
}

export interface Ack5 {
  readonly type: keyof typeof ACK_BYTES;
  readonly id: number;
  readonly code: number;
  readonly properties: Properties;
}

export interface Suback5 {
  readonly type: 'suback' | 'unsuback';
  readonly id: number;
  readonly codes: readonly number[];
  readonly properties: Properties;
}

export interface Last5 {
  readonly type: 'disconnect' | 'auth';
  readonly code: number;
  readonly properties: Properties;
}

/** What a server may send. */
export type Packet5 = Publish5 | Connack5 | Ack5 | Suback5 | Last5 | { readonly type: 'pingresp' };

function decodePublish(first: number, reader: FieldReader): Publish5 {
  const qos = (first >> 1) & 3;
  if (qos === 3) throw new Error('PUBLISH with QoS 3');
  return {
    type: 'publish',
    topic: reader.text(),
    id: qos > 0 ? reader.number(2) : 0,
    properties: reader.properties(),
    payload: reader.rest(),
    qos,
    dup: (first & 8) !== 0,
    retain: (first & 1) !== 0,
  };
}

function codeAndProperties(reader: FieldReader): { code: number; properties: Properties } {
  const code = reader.remaining > 0 ? reader.number(1) : 0;
  return { code, properties: reader.remaining > 0 ? reader.properties() : [] };
}

function decodeConnack(reader: FieldReader): Connack5 {
  const flags = reader.number(1);
  // [MQTT-3.2.2-1]
  if (flags > 1) throw new Error(`CONNACK with flags ${flags}`);
  const code = reader.number(1);
  return { type: 'connack', sessionPresent: flags === 1, code, properties: reader.properties() };
}

function decodeSuback(type: Suback5['type'], reader: FieldReader): Suback5 {
  const id = reader.number(2);
  return { type, id, properties: reader.properties(), codes: [...reader.rest()] };
}

function decodeBody(first: number, reader: FieldReader): Packet5 {
  switch (first) {
    case 0x20:
      return decodeConnack(reader);
    case 0x40:
      return { type: 'puback', id: reader.number(2), ...codeAndProperties(reader) };
    case 0x50:
      return { type: 'pubrec', id: reader.number(2), ...codeAndProperties(reader) };
    case 0x62:
      return { type: 'pubrel', id: reader.number(2), ...codeAndProperties(reader) };
    case 0x70:
      return { type: 'pubcomp', id: reader.number(2), ...codeAndProperties(reader) };
    case 0x90:
      return decodeSuback('suback', reader);
    case 0xb0:
      return decodeSuback('unsuback', reader);
    case 0xd0:
      return { type: 'pingresp' };
    case 0xe0:
      return { type: 'disconnect', ...codeAndProperties(reader) };
    case 0xf0:
      return { type: 'auth', ...codeAndProperties(reader) };
    default:
      throw new Error(`not a packet of a server: ${first.toString(16)}`);
  }
}

/** Decodes one whole packet of a server, strictly. The payload is a view of `body`. */
export function decode5(first: number, body: Buffer): Packet5 {
  const reader = new FieldReader(body);
  const packet = first >> 4 === 3 ? decodePublish(first, reader) : decodeBody(first, reader);
  if (reader.remaining > 0) throw new Error(`${packet.type} with ${reader.remaining} bytes left`);
  return packet;
}
