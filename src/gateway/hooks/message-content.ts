import {
  decodeMessageProperties,
  encodeMessageProperties,
  type MessageProperties,
} from '../codec/message-properties.ts';

/** Payload and properties on their way through hooks: what nobody looks at is not decoded. */
export class MessageContent {
  /** Something was assigned. */
  isChanged = false;
  /** Where the payload is. */
  source: Buffer;
  start: number;
  end: number;
  /** Properties in wire form. */
  stored: Buffer;
  readonly #maxBytes: number;
  #payload: Buffer | undefined;
  #properties: MessageProperties | undefined;

  /** @param maxBytes most that a payload, or properties in wire form, may have */
  constructor(stored: Buffer, source: Buffer, start: number, end: number, maxBytes: number) {
    this.stored = stored;
    this.source = source;
    this.start = start;
    this.end = end;
    this.#maxBytes = maxBytes;
  }

  get payload(): Buffer {
    return (this.#payload ??= this.source.subarray(this.start, this.end));
  }

  set payload(payload: Buffer) {
    if (!Buffer.isBuffer(payload)) throw new TypeError('payload is no Buffer');
    if (payload.length > this.#maxBytes) throw new RangeError('payload is over maxPacketSize');
    this.#payload = payload;
    this.source = payload;
    this.start = 0;
    this.end = payload.length;
    this.isChanged = true;
  }

  get properties(): MessageProperties {
    return (this.#properties ??= decodeMessageProperties(this.stored));
  }

  set properties(properties: MessageProperties) {
    const encoded = encodeMessageProperties(properties);
    if (encoded.length > this.#maxBytes) throw new RangeError('properties are over maxPacketSize');
    this.stored = this.complete(encoded);
    this.#properties = undefined;
    this.isChanged = true;
  }

  /** Adds to properties that are assigned what is not the hook's to change. */
  protected complete(encoded: Buffer): Buffer {
    return encoded;
  }
}
