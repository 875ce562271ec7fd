/**
 * What a message says besides its topic and its payload. Whoever is handed one reads it at once and copies what it keeps, so
 * that who publishes many uses one object for all of them.
 */
export interface MessageHead {
  /** `record.ts` flags: QoS and RETAIN. */
  readonly flags: number;
  /** Client id of the publisher, UTF-8. */
  readonly publisher: Buffer;
  /** MQTT 5 properties in wire form, without their length; empty for 3.1.1. */
  readonly properties: Buffer;
  /** Message expiry interval, or `NO_EXPIRY`. */
  readonly expirySeconds: number;
}
