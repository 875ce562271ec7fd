/** MQTT control packet types: the high four bits of the first byte (MQTT 3.1.1 §2.2.1, MQTT 5 §2.1.2). */
export const PacketType = {
  CONNECT: 1,
  CONNACK: 2,
  PUBLISH: 3,
  PUBACK: 4,
  PUBREC: 5,
  PUBREL: 6,
  PUBCOMP: 7,
  SUBSCRIBE: 8,
  SUBACK: 9,
  UNSUBSCRIBE: 10,
  UNSUBACK: 11,
  PINGREQ: 12,
  PINGRESP: 13,
  DISCONNECT: 14,
  /** MQTT 5 only. */
  AUTH: 15,
} as const;
export type PacketType = (typeof PacketType)[keyof typeof PacketType];

const NAMES: readonly (string | undefined)[] = [undefined, ...Object.keys(PacketType)];

/** Name of a packet type for messages; the number itself when it is reserved. */
export function packetTypeName(type: number): string {
  return NAMES[type] ?? `packet type ${type}`;
}
