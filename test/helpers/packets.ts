/**
 * A second MQTT 3.1.1 encoder and decoder, for tests only and on purpose not that of `src/`: a shared
 * mistake would hide itself.
 */
export type QoS = 0 | 1 | 2;

export interface Will {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos?: QoS;
  readonly retain?: boolean;
}

export interface ConnectFields {
  readonly clientId: string;
  /** Clean session; true unless given. */
  readonly clean?: boolean;
  /** Seconds; 60 unless given. */
  readonly keepAlive?: number;
  readonly username?: string | undefined;
  readonly password?: string | Buffer | undefined;
  readonly will?: Will;
  readonly protocolName?: string;
  readonly level?: number;
}

export interface PublishFields {
  readonly topic: string;
  readonly payload?: string | Buffer;
  readonly qos?: QoS;
  readonly id?: number;
  readonly dup?: boolean;
  readonly retain?: boolean;
}

/** Bytes from hex with optional blanks: `hex('20 02 00 00')`. */
export function hex(text: string): Buffer {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(digits)) throw new Error(`not hex: ${text}`);
  return Buffer.from(digits, 'hex');
}

export function uint16(value: number): Buffer {
  return Buffer.from([value >>> 8, value & 0xff]);
}

/** A string or binary field: two bytes of length and the bytes. */
export function field(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([uint16(bytes.length), bytes]);
}

export function remainingLength(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return Buffer.from(bytes);
}

/** A control packet: first byte, remaining length, body. */
export function frame(firstByte: number, ...body: readonly Buffer[]): Buffer {
  const joined = Buffer.concat(body);
  return Buffer.concat([Buffer.from([firstByte]), remainingLength(joined.length), joined]);
}

export function connect(fields: ConnectFields): Buffer {
  const { will } = fields;
  let flags = fields.clean === false ? 0 : 0x02;
  if (will !== undefined)
    flags |= 0x04 | ((will.qos ?? 0) << 3) | (will.retain === true ? 0x20 : 0);
  if (fields.password !== undefined) flags |= 0x40;
  if (fields.username !== undefined) flags |= 0x80;
  const body = [
    field(fields.protocolName ?? 'MQTT'),
    Buffer.from([fields.level ?? 4, flags]),
    uint16(fields.keepAlive ?? 60),
    field(fields.clientId),
  ];
  if (will !== undefined) body.push(field(will.topic), field(will.payload));
  if (fields.username !== undefined) body.push(field(fields.username));
  if (fields.password !== undefined) body.push(field(fields.password));
  return frame(0x10, ...body);
}

export function connack(code = 0, sessionPresent = false): Buffer {
  return Buffer.from([0x20, 2, sessionPresent ? 1 : 0, code]);
}

export function publish(fields: PublishFields): Buffer {
  const qos = fields.qos ?? 0;
  const first =
    0x30 | (fields.dup === true ? 0x08 : 0) | (qos << 1) | (fields.retain === true ? 0x01 : 0);
  const body = [field(fields.topic)];
  if (qos > 0) body.push(uint16(fields.id ?? 1));
  body.push(Buffer.from(fields.payload ?? ''));
  return frame(first, ...body);
}

export function puback(id: number): Buffer {
  return Buffer.concat([hex('40 02'), uint16(id)]);
}
export function pubrec(id: number): Buffer {
  return Buffer.concat([hex('50 02'), uint16(id)]);
}
export function pubrel(id: number): Buffer {
  return Buffer.concat([hex('62 02'), uint16(id)]);
}
export function pubcomp(id: number): Buffer {
  return Buffer.concat([hex('70 02'), uint16(id)]);
}

export function subscribe(id: number, ...filters: readonly (readonly [string, number])[]): Buffer {
  const entries = filters.map(([filter, qos]) =>
    Buffer.concat([field(filter), Buffer.from([qos])]),
  );
  return frame(0x82, uint16(id), ...entries);
}
export function suback(id: number, ...codes: readonly number[]): Buffer {
  return frame(0x90, uint16(id), Buffer.from(codes));
}
export function unsubscribe(id: number, ...filters: readonly string[]): Buffer {
  return frame(0xa2, uint16(id), ...filters.map(field));
}
export function unsuback(id: number): Buffer {
  return Buffer.concat([hex('b0 02'), uint16(id)]);
}

export const PINGREQ: Buffer = hex('c0 00');
export const PINGRESP: Buffer = hex('d0 00');
export const DISCONNECT: Buffer = hex('e0 00');

export interface Publish {
  readonly type: 'publish';
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: QoS;
  readonly dup: boolean;
  readonly retain: boolean;
  /** 0 for QoS 0. */
  readonly id: number;
}

/** What a server may send. */
export type Packet =
  | Publish
  | { readonly type: 'connack'; readonly sessionPresent: boolean; readonly code: number }
  | { readonly type: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp' | 'unsuback'; readonly id: number }
  | { readonly type: 'suback'; readonly id: number; readonly codes: readonly number[] }
  | { readonly type: 'pingresp' };

function decodePublish(first: number, body: Buffer): Publish {
  const qos = (first >> 1) & 3;
  if (qos === 3) throw new Error('PUBLISH with QoS 3');
  const topicEnd = 2 + body.readUInt16BE(0);
  const payloadStart = topicEnd + (qos > 0 ? 2 : 0);
  if (payloadStart > body.length) throw new Error('PUBLISH shorter than its header');
  return {
    type: 'publish',
    topic: body.toString('utf8', 2, topicEnd),
    payload: body.subarray(payloadStart),
    qos: qos as QoS,
    dup: (first & 0x08) !== 0,
    retain: (first & 0x01) !== 0,
    id: qos > 0 ? body.readUInt16BE(topicEnd) : 0,
  };
}

const TWO_BYTE_PACKETS = new Map<number, 'puback' | 'pubrec' | 'pubrel' | 'pubcomp' | 'unsuback'>([
  [0x40, 'puback'],
  [0x50, 'pubrec'],
  [0x62, 'pubrel'],
  [0x70, 'pubcomp'],
  [0xb0, 'unsuback'],
]);

/** Decodes one whole packet of a server, strictly. The payload is a view of `body`. */
export function decode(first: number, body: Buffer): Packet {
  if (first >> 4 === 3) return decodePublish(first, body);
  const ack = TWO_BYTE_PACKETS.get(first);
  if (ack !== undefined && body.length === 2) return { type: ack, id: body.readUInt16BE(0) };
  if (first === 0x20 && body.length === 2 && body.readUInt8(0) <= 1) {
    return { type: 'connack', sessionPresent: body[0] === 1, code: body.readUInt8(1) };
  }
  if (first === 0x90 && body.length > 2) {
    return { type: 'suback', id: body.readUInt16BE(0), codes: [...body.subarray(2)] };
  }
  if (first === 0xd0 && body.length === 0) return { type: 'pingresp' };
  throw new Error(`not a packet of a server: ${first.toString(16)} ${body.toString('hex')}`);
}
