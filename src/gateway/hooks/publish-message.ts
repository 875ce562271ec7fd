import { LONGEST_EXPIRY, NO_EXPIRY } from '../../lmq/spi/record.ts';
import type { MessageProperties } from '../codec/message-properties.ts';
import { MessageContent } from './message-content.ts';

/** Where a message comes from. */
export const PublishOrigin = {
  /** A PUBLISH packet. */
  CLIENT: 'CLIENT',
  /** The will of a client whose connection has ended. */
  WILL: 'WILL',
} as const;
export type PublishOrigin = (typeof PublishOrigin)[keyof typeof PublishOrigin];

/**
 * A message before it is stored. What a hook assigns is what is stored, delivered and retained, and what
 * the hooks after it see. Valid during the call only: the payload is a view of the socket's buffer, so
 * copy what you keep, and assign a new payload, do not write into it.
 */
export interface PublishMessage {
  readonly origin: PublishOrigin;
  /** A topic name. An assigned one is not authorized again; one that is invalid or not registered is refused. */
  topic: string;
  payload: Buffer;
  /** Changes what subscribers get; the publisher is acknowledged as it has published. */
  qos: 0 | 1 | 2;
  retain: boolean;
  /** Message expiry interval, seconds; undefined = none. */
  expirySeconds: number | undefined;
  /** Empty for clients before MQTT 5; what is assigned reaches subscribers of MQTT 5. */
  properties: MessageProperties;
}

/** The message that publish hooks are given. */
export class HookedPublish extends MessageContent implements PublishMessage {
  readonly origin: PublishOrigin;
  /** Seconds, or `NO_EXPIRY`. */
  storedExpiry: number;
  #topic: string;
  #qos: 0 | 1 | 2;
  #retain: boolean;

  constructor(
    origin: PublishOrigin,
    topic: string,
    qos: number,
    retain: boolean,
    storedExpiry: number,
    stored: Buffer,
    source: Buffer,
    start: number,
    end: number,
    maxBytes: number,
  ) {
    super(stored, source, start, end, maxBytes);
    this.origin = origin;
    this.#topic = topic;
    this.#qos = qos as 0 | 1 | 2;
    this.#retain = retain;
    this.storedExpiry = storedExpiry;
  }

  get topic(): string {
    return this.#topic;
  }

  set topic(topic: string) {
    if (typeof topic !== 'string') throw new TypeError('topic is no string');
    this.#topic = topic;
    this.isChanged = true;
  }

  get qos(): 0 | 1 | 2 {
    return this.#qos;
  }

  set qos(qos: 0 | 1 | 2) {
    if (!isQos(qos)) throw new RangeError(`QoS ${String(qos)} does not exist`);
    this.#qos = qos;
    this.isChanged = true;
  }

  get retain(): boolean {
    return this.#retain;
  }

  set retain(retain: boolean) {
    if (typeof retain !== 'boolean') throw new TypeError('retain is no boolean');
    this.#retain = retain;
    this.isChanged = true;
  }

  get expirySeconds(): number | undefined {
    return this.storedExpiry === NO_EXPIRY ? undefined : this.storedExpiry;
  }

  set expirySeconds(seconds: number | undefined) {
    this.storedExpiry = expiryOf(seconds);
    this.isChanged = true;
  }
}

/** Whether it is a QoS, whatever the types say: hooks may be plain JavaScript. */
export function isQos(qos: unknown): qos is 0 | 1 | 2 {
  return qos === 0 || qos === 1 || qos === 2;
}

/** Message expiry interval as it is stored. @throws RangeError when it is none */
export function expiryOf(seconds: number | undefined): number {
  if (seconds === undefined) return NO_EXPIRY;
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > LONGEST_EXPIRY + 1) {
    throw new RangeError(`message expiry of ${String(seconds)} s does not exist`);
  }
  return Math.min(seconds, LONGEST_EXPIRY);
}
