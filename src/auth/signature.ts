import { createHmac } from 'node:crypto';

/**
 * The password that a client signs in with: Base64(HMAC-SHA1(secretKey, clientId)), both as UTF-8, in
 * the standard alphabet with padding. The scheme of Apache RocketMQ MQTT.
 */
export function signature(secretKey: string, clientId: string): string {
  return createHmac('sha1', Buffer.from(secretKey, 'utf8'))
    .update(clientId, 'utf8')
    .digest('base64');
}
