/** Protocol level of the CONNECT packet. */
export const ProtocolVersion = {
  /** MQTT 3.1 (`MQIsdp`) */
  MQTT_3_1: 3,
  /** MQTT 3.1.1 */
  MQTT_3_1_1: 4,
  MQTT_5: 5,
} as const;
export type ProtocolVersion = (typeof ProtocolVersion)[keyof typeof ProtocolVersion];
