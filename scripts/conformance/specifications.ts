import { MQTT_3_1_1 } from './mqtt-3.1.1.ts';
import { MQTT_5_0 } from './mqtt-5.0.ts';
import type { Specification } from './statement.ts';

export const specifications: readonly Specification[] = [MQTT_3_1_1, MQTT_5_0];

/** Titles of the sections that have statements, by the beginning of the id. */
export const sections: readonly (readonly [prefix: string, title: string])[] = [
  ['1', 'Data representation'],
  ['2', 'Packet format'],
  ['3.1', 'CONNECT'],
  ['3.2', 'CONNACK'],
  ['3.3', 'PUBLISH'],
  ['3.4', 'PUBACK'],
  ['3.5', 'PUBREC'],
  ['3.6', 'PUBREL'],
  ['3.7', 'PUBCOMP'],
  ['3.8', 'SUBSCRIBE'],
  ['3.9', 'SUBACK'],
  ['3.10', 'UNSUBSCRIBE'],
  ['3.11', 'UNSUBACK'],
  ['3.12', 'PINGREQ'],
  ['3.14', 'DISCONNECT'],
  ['3.15', 'AUTH'],
  ['4', 'Operational behaviour'],
  ['6', 'WebSocket'],
  ['7', 'Conformance'],
];

/** The ids of the statements of one section, in order. */
export function idsOfSection(specification: Specification, prefix: string): string[] {
  return [...specification.statements.keys()].filter((id) => id.startsWith(`${prefix}.`));
}
