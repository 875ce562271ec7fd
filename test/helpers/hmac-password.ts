import { createHmac } from 'node:crypto';

/** The password that a client id signs in with: Base64(HMAC-SHA1(secretKey, clientId)). */
export function hmacPassword(secretKey: string, clientId: string): string {
  return createHmac('sha1', secretKey).update(clientId).digest('base64');
}
