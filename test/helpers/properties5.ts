/** Properties of MQTT 5 (§2.2.2), for tests only and on purpose not those of `src/`. */
import { field, remainingLength } from './packets.ts';

type Kind = 'byte' | 'two' | 'four' | 'varint' | 'text' | 'binary' | 'pair';

export type PropertyName =
  | 'payloadFormat'
  | 'messageExpiry'
  | 'contentType'
  | 'responseTopic'
  | 'correlationData'
  | 'subscriptionId'
  | 'sessionExpiry'
  | 'assignedClientId'
  | 'serverKeepAlive'
  | 'authMethod'
  | 'authData'
  | 'requestProblemInformation'
  | 'willDelay'
  | 'requestResponseInformation'
  | 'responseInformation'
  | 'serverReference'
  | 'reasonString'
  | 'receiveMaximum'
  | 'topicAliasMaximum'
  | 'topicAlias'
  | 'maximumQos'
  | 'retainAvailable'
  | 'user'
  | 'maximumPacketSize'
  | 'wildcardAvailable'
  | 'subscriptionIdAvailable'
  | 'sharedAvailable';

const KINDS: Readonly<Record<PropertyName, readonly [id: number, kind: Kind]>> = {
  payloadFormat: [0x01, 'byte'],
  messageExpiry: [0x02, 'four'],
  contentType: [0x03, 'text'],
  responseTopic: [0x08, 'text'],
  correlationData: [0x09, 'binary'],
  subscriptionId: [0x0b, 'varint'],
  sessionExpiry: [0x11, 'four'],
  assignedClientId: [0x12, 'text'],
  serverKeepAlive: [0x13, 'two'],
  authMethod: [0x15, 'text'],
  authData: [0x16, 'binary'],
  requestProblemInformation: [0x17, 'byte'],
  willDelay: [0x18, 'four'],
  requestResponseInformation: [0x19, 'byte'],
  responseInformation: [0x1a, 'text'],
  serverReference: [0x1c, 'text'],
  reasonString: [0x1f, 'text'],
  receiveMaximum: [0x21, 'two'],
  topicAliasMaximum: [0x22, 'two'],
  topicAlias: [0x23, 'two'],
  maximumQos: [0x24, 'byte'],
  retainAvailable: [0x25, 'byte'],
  user: [0x26, 'pair'],
  maximumPacketSize: [0x27, 'four'],
  wildcardAvailable: [0x28, 'byte'],
  subscriptionIdAvailable: [0x29, 'byte'],
  sharedAvailable: [0x2a, 'byte'],
};

export type PropertyValue = number | string | Buffer | readonly [name: string, value: string];
export type Property = readonly [PropertyName, PropertyValue];
export type Properties = readonly Property[];

function big(value: number, bytes: 1 | 2 | 4): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

const WIDTHS = { byte: 1, two: 2, four: 4 } as const;

function encodeValue(kind: Kind, value: PropertyValue): Buffer {
  if (typeof value === 'number') {
    if (kind === 'varint') return remainingLength(value);
    if (kind === 'byte' || kind === 'two' || kind === 'four') return big(value, WIDTHS[kind]);
  } else if (typeof value === 'string' || Buffer.isBuffer(value)) {
    if (kind === 'text' || kind === 'binary') return field(value);
  } else if (kind === 'pair') {
    return Buffer.concat(value.map(field));
  }
  throw new Error(`no value for a property of kind ${kind}`);
}

/** One property without a length before it, for packets that are wrong on purpose. */
export function property([name, value]: Property): Buffer {
  const [id, kind] = KINDS[name];
  return Buffer.concat([Buffer.from([id]), encodeValue(kind, value)]);
}

/** Properties with their length. */
export function properties(list: Properties = []): Buffer {
  const bytes = Buffer.concat(list.map(property));
  return Buffer.concat([remainingLength(bytes.length), bytes]);
}

/** Reads fields one after the other; every read beyond the end throws. */
export class FieldReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  number(bytes: 1 | 2 | 4): number {
    const value = this.#bytes.readUIntBE(this.#at, bytes);
    this.#at += bytes;
    return value;
  }

  take(length: number): Buffer {
    if (length > this.remaining) throw new Error('a field is longer than its packet');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  rest(): Buffer {
    return this.take(this.remaining);
  }

  binary(): Buffer {
    return this.take(this.number(2));
  }

  text(): string {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.binary());
  }

  varint(): number {
    let value = 0;
    for (let i = 0; i < 4; i++) {
      const byte = this.number(1);
      value += (byte & 0x7f) * 128 ** i;
      if (byte < 0x80) {
        // [MQTT-1.5.5-1]
        if (byte === 0 && i > 0) throw new Error('a variable byte integer is longer than it must');
        return value;
      }
    }
    throw new Error('a variable byte integer has more than four bytes');
  }

  /** All properties of a packet, in their order. Only user properties and subscription ids may repeat. */
  properties(): Properties {
    const part = new FieldReader(this.take(this.varint()));
    const list: Property[] = [];
    while (part.remaining > 0) list.push(part.#property());
    for (const [i, [name]] of list.entries()) {
      const isSecond = list.findIndex((other) => other[0] === name) !== i;
      if (isSecond && name !== 'user' && name !== 'subscriptionId')
        throw new Error(`property ${name} comes twice`);
    }
    return list;
  }

  #property(): Property {
    const id = this.number(1);
    for (const name of Object.keys(KINDS) as PropertyName[]) {
      const [known, kind] = KINDS[name];
      if (known === id) return [name, this.#value(kind)];
    }
    throw new Error(`unknown property ${id}`);
  }

  #value(kind: Kind): PropertyValue {
    switch (kind) {
      case 'byte':
      case 'two':
      case 'four':
        return this.number(WIDTHS[kind]);
      case 'varint':
        return this.varint();
      case 'text':
        return this.text();
      case 'binary':
        return this.binary();
      case 'pair':
        return [this.text(), this.text()];
    }
  }
}

/** The value of a property that comes at most once; undefined when it is not there. */
export function valueOf(list: Properties, name: PropertyName): PropertyValue | undefined {
  return list.find((entry) => entry[0] === name)?.[1];
}

export function numberOf(list: Properties, name: PropertyName): number | undefined {
  const value = valueOf(list, name);
  return typeof value === 'number' ? value : undefined;
}

export function textOf(list: Properties, name: PropertyName): string | undefined {
  const value = valueOf(list, name);
  return typeof value === 'string' ? value : undefined;
}

/** All values of one property, in order. */
export function allOf(list: Properties, name: PropertyName): readonly PropertyValue[] {
  return list.filter((entry) => entry[0] === name).map((entry) => entry[1]);
}
