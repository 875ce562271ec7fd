/**
 * MQTT 5 reason codes (MQTT 5 §2.4, table 2-6) and what MQTT 3.1.1 can say of them. The comment names the
 * packets that may carry the code. Names that MQTT gives to one value for several packets share it.
 */
export const ReasonCode = {
  /** CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, UNSUBACK, AUTH */
  SUCCESS: 0x00,
  /** DISCONNECT */
  NORMAL_DISCONNECTION: 0x00,
  /** SUBACK (§3.9.3) */
  GRANTED_QOS_0: 0x00,
  /** SUBACK */
  GRANTED_QOS_1: 0x01,
  /** SUBACK */
  GRANTED_QOS_2: 0x02,
  /** DISCONNECT from a client (§3.14.2.1) */
  DISCONNECT_WITH_WILL_MESSAGE: 0x04,
  /** PUBACK, PUBREC (§3.4.2.1) */
  NO_MATCHING_SUBSCRIBERS: 0x10,
  /** UNSUBACK (§3.11.3) */
  NO_SUBSCRIPTION_EXISTED: 0x11,
  /** AUTH (§3.15.2.1) */
  CONTINUE_AUTHENTICATION: 0x18,
  /** AUTH */
  RE_AUTHENTICATE: 0x19,
  /** CONNACK, PUBACK, PUBREC, SUBACK, UNSUBACK, DISCONNECT */
  UNSPECIFIED_ERROR: 0x80,
  /** CONNACK, DISCONNECT (§4.13.1) */
  MALFORMED_PACKET: 0x81,
  /** CONNACK, DISCONNECT (§4.13.1) */
  PROTOCOL_ERROR: 0x82,
  /** CONNACK, PUBACK, PUBREC, SUBACK, UNSUBACK, DISCONNECT */
  IMPLEMENTATION_SPECIFIC_ERROR: 0x83,
  /** CONNACK (§3.1.2.2) */
  UNSUPPORTED_PROTOCOL_VERSION: 0x84,
  /** CONNACK (§3.1.3.1) */
  CLIENT_IDENTIFIER_NOT_VALID: 0x85,
  /** CONNACK (§3.2.2.2) */
  BAD_USER_NAME_OR_PASSWORD: 0x86,
  /** CONNACK, PUBACK, PUBREC, SUBACK, UNSUBACK, DISCONNECT */
  NOT_AUTHORIZED: 0x87,
  /** CONNACK */
  SERVER_UNAVAILABLE: 0x88,
  /** CONNACK, DISCONNECT */
  SERVER_BUSY: 0x89,
  /** CONNACK */
  BANNED: 0x8a,
  /** DISCONNECT */
  SERVER_SHUTTING_DOWN: 0x8b,
  /** CONNACK, DISCONNECT (§4.12) */
  BAD_AUTHENTICATION_METHOD: 0x8c,
  /** DISCONNECT (§3.1.2.10) */
  KEEP_ALIVE_TIMEOUT: 0x8d,
  /** DISCONNECT (§3.1.4) */
  SESSION_TAKEN_OVER: 0x8e,
  /** SUBACK, UNSUBACK, DISCONNECT */
  TOPIC_FILTER_INVALID: 0x8f,
  /** CONNACK, PUBACK, PUBREC, DISCONNECT */
  TOPIC_NAME_INVALID: 0x90,
  /** PUBACK, PUBREC, SUBACK, UNSUBACK */
  PACKET_IDENTIFIER_IN_USE: 0x91,
  /** PUBREL, PUBCOMP */
  PACKET_IDENTIFIER_NOT_FOUND: 0x92,
  /** DISCONNECT (§3.3.4) */
  RECEIVE_MAXIMUM_EXCEEDED: 0x93,
  /** DISCONNECT (§3.3.2.3.4) */
  TOPIC_ALIAS_INVALID: 0x94,
  /** CONNACK, DISCONNECT (§3.2.2.3.6) */
  PACKET_TOO_LARGE: 0x95,
  /** DISCONNECT */
  MESSAGE_RATE_TOO_HIGH: 0x96,
  /** CONNACK, PUBACK, PUBREC, SUBACK, DISCONNECT */
  QUOTA_EXCEEDED: 0x97,
  /** DISCONNECT */
  ADMINISTRATIVE_ACTION: 0x98,
  /** CONNACK, PUBACK, PUBREC, DISCONNECT */
  PAYLOAD_FORMAT_INVALID: 0x99,
  /** CONNACK, DISCONNECT (§3.2.2.3.5) */
  RETAIN_NOT_SUPPORTED: 0x9a,
  /** CONNACK, DISCONNECT (§3.2.2.3.4) */
  QOS_NOT_SUPPORTED: 0x9b,
  /** CONNACK, DISCONNECT (§4.11) */
  USE_ANOTHER_SERVER: 0x9c,
  /** CONNACK, DISCONNECT (§4.11) */
  SERVER_MOVED: 0x9d,
  /** SUBACK, DISCONNECT (§3.2.2.3.13) */
  SHARED_SUBSCRIPTIONS_NOT_SUPPORTED: 0x9e,
  /** CONNACK, DISCONNECT */
  CONNECTION_RATE_EXCEEDED: 0x9f,
  /** DISCONNECT */
  MAXIMUM_CONNECT_TIME: 0xa0,
  /** SUBACK, DISCONNECT (§3.2.2.3.12) */
  SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED: 0xa1,
  /** SUBACK, DISCONNECT (§3.2.2.3.11) */
  WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED: 0xa2,
} as const;
export type ReasonCode = (typeof ReasonCode)[keyof typeof ReasonCode];

/** True for the codes that report a failure (MQTT 5 §2.4). */
export function isFailure(reasonCode: number): boolean {
  return reasonCode >= 0x80;
}

/** CONNACK return codes of MQTT 3.1.1 (§3.2.2.3, table 3.1). */
export const ConnectReturnCode = {
  ACCEPTED: 0,
  UNACCEPTABLE_PROTOCOL_VERSION: 1,
  IDENTIFIER_REJECTED: 2,
  SERVER_UNAVAILABLE: 3,
  BAD_USER_NAME_OR_PASSWORD: 4,
  NOT_AUTHORIZED: 5,
} as const;
export type ConnectReturnCode = (typeof ConnectReturnCode)[keyof typeof ConnectReturnCode];

const CONNECT_RETURN_CODES: ReadonlyMap<number, ConnectReturnCode> = new Map([
  [ReasonCode.SUCCESS, ConnectReturnCode.ACCEPTED],
  [ReasonCode.UNSUPPORTED_PROTOCOL_VERSION, ConnectReturnCode.UNACCEPTABLE_PROTOCOL_VERSION],
  [ReasonCode.CLIENT_IDENTIFIER_NOT_VALID, ConnectReturnCode.IDENTIFIER_REJECTED],
  [ReasonCode.BAD_USER_NAME_OR_PASSWORD, ConnectReturnCode.BAD_USER_NAME_OR_PASSWORD],
  [ReasonCode.NOT_AUTHORIZED, ConnectReturnCode.NOT_AUTHORIZED],
  [ReasonCode.BANNED, ConnectReturnCode.NOT_AUTHORIZED],
  [ReasonCode.BAD_AUTHENTICATION_METHOD, ConnectReturnCode.NOT_AUTHORIZED],
  [ReasonCode.UNSPECIFIED_ERROR, ConnectReturnCode.SERVER_UNAVAILABLE],
  [ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR, ConnectReturnCode.SERVER_UNAVAILABLE],
  [ReasonCode.SERVER_UNAVAILABLE, ConnectReturnCode.SERVER_UNAVAILABLE],
  [ReasonCode.SERVER_BUSY, ConnectReturnCode.SERVER_UNAVAILABLE],
  [ReasonCode.QUOTA_EXCEEDED, ConnectReturnCode.SERVER_UNAVAILABLE],
  [ReasonCode.USE_ANOTHER_SERVER, ConnectReturnCode.SERVER_UNAVAILABLE],
  [ReasonCode.SERVER_MOVED, ConnectReturnCode.SERVER_UNAVAILABLE],
  [ReasonCode.CONNECTION_RATE_EXCEEDED, ConnectReturnCode.SERVER_UNAVAILABLE],
]);

/**
 * CONNACK return code of MQTT 3.1 and 3.1.1 for a reason code; undefined when there is none that fits:
 * then the connection is closed without a CONNACK [MQTT-3.2.2-6].
 */
export function connectReturnCode(reasonCode: number): ConnectReturnCode | undefined {
  return CONNECT_RETURN_CODES.get(reasonCode);
}

/** The only failure that a SUBACK of MQTT 3.1.1 knows (§3.9.3). */
const SUBACK_FAILURE = 0x80;

/** SUBACK return code of MQTT 3.1.1: 0, 1, 2 or 0x80 [MQTT-3.9.3-2]. */
export function subackReturnCode(reasonCode: number): number {
  return isFailure(reasonCode) ? SUBACK_FAILURE : reasonCode;
}
