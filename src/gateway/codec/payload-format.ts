import { PropertyId } from './property-set.ts';

/**
 * Whether the properties of a message say that its payload is UTF-8 text (MQTT 5 §3.3.2.3.2).
 * @param properties as messages keep them: well-formed, in wire form, without their length, expiry and alias
 */
export function announcesUtf8(properties: Buffer): boolean {
  let at = 0;
  while (at < properties.length) {
    const id = properties[at++] as number;
    if (id === PropertyId.PAYLOAD_FORMAT_INDICATOR) return properties[at] === 1;
    // All the others are one text or some bytes, with their length; a user property is two.
    if (id === PropertyId.USER_PROPERTY) at += 2 + properties.readUInt16BE(at);
    at += 2 + properties.readUInt16BE(at);
  }
  return false;
}
