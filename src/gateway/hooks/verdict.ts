import { ReasonCode } from '../codec/reason-code.ts';

/** What a hook returns to let a message disappear: the publisher is acknowledged, nobody gets it. */
export const DROP: unique symbol = Symbol('lmqtt.DROP');

/** What a hook returns to say no; made by {@link refuse}. */
export class Refusal {
  readonly reasonCode: number;
  /** For the log, and for MQTT 5 clients in CONNACK; other packets carry the code alone. */
  readonly reason: string;

  constructor(reasonCode: number, reason: string) {
    this.reasonCode = reasonCode;
    this.reason = reason;
  }
}

/**
 * Says no. A reason code that the answering packet may not carry becomes 0x83, implementation specific
 * error; MQTT 3.1.1 gets the nearest that it knows.
 * @param reasonCode MQTT 5 reason code of a failure, 0x80 or more
 * @throws RangeError for a code that is no failure
 */
export function refuse(reasonCode: number = ReasonCode.NOT_AUTHORIZED, reason = ''): Refusal {
  if (!Number.isInteger(reasonCode) || reasonCode < 0x80 || reasonCode > 0xff) {
    throw new RangeError(`reason code ${String(reasonCode)} is no failure`);
  }
  return new Refusal(reasonCode, reason);
}

/** What a hook that failed comes to. */
export const HOOK_FAILED: Refusal = new Refusal(
  ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
  'a hook failed',
);

const COMMON = [
  ReasonCode.UNSPECIFIED_ERROR,
  ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
  ReasonCode.NOT_AUTHORIZED,
  ReasonCode.QUOTA_EXCEEDED,
];

/** Failures that PUBACK and PUBREC may carry (§3.4.2.1, §3.5.2.1). */
export const PUBLISH_FAILURES: ReadonlySet<number> = new Set<number>([
  ...COMMON,
  ReasonCode.TOPIC_NAME_INVALID,
  ReasonCode.PAYLOAD_FORMAT_INVALID,
]);

/** Failures that SUBACK may carry for one filter (§3.9.3). */
export const SUBSCRIBE_FAILURES: ReadonlySet<number> = new Set<number>([
  ...COMMON,
  ReasonCode.TOPIC_FILTER_INVALID,
  ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED,
  ReasonCode.SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED,
  ReasonCode.WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED,
]);

/** Failures that CONNACK may carry and a hook may decide on (§3.2.2.2). */
export const CONNECT_FAILURES: ReadonlySet<number> = new Set<number>([
  ...COMMON,
  ReasonCode.CLIENT_IDENTIFIER_NOT_VALID,
  ReasonCode.BAD_USER_NAME_OR_PASSWORD,
  ReasonCode.SERVER_UNAVAILABLE,
  ReasonCode.SERVER_BUSY,
  ReasonCode.BANNED,
  ReasonCode.TOPIC_NAME_INVALID,
  ReasonCode.PAYLOAD_FORMAT_INVALID,
  ReasonCode.RETAIN_NOT_SUPPORTED,
  ReasonCode.QOS_NOT_SUPPORTED,
  ReasonCode.USE_ANOTHER_SERVER,
  ReasonCode.SERVER_MOVED,
  ReasonCode.CONNECTION_RATE_EXCEEDED,
]);

/** The code that goes out: the refusal's if the packet may carry it. */
export function failureCode(refusal: Refusal, allowed: ReadonlySet<number>): ReasonCode {
  return allowed.has(refusal.reasonCode)
    ? (refusal.reasonCode as ReasonCode)
    : ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR;
}
