/** First byte of the acknowledgement packets; the four bits of PUBREL are fixed [MQTT-3.6.1-1]. */
export const AckByte = {
  PUBACK: 0x40,
  PUBREC: 0x50,
  PUBREL: 0x62,
  PUBCOMP: 0x70,
} as const;
export type AckByte = (typeof AckByte)[keyof typeof AckByte];
