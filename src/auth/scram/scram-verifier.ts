import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

/** What a server keeps of a password (RFC 5802 §3): enough to check it, not enough to sign in with it. */
export interface ScramVerifier {
  readonly iterations: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** Length of a SHA-256 digest, bytes. */
export const KEY_BYTES = 32;
export const SALT_BYTES = 16;
/** RFC 7677 §4. */
export const MIN_ITERATIONS = 4096;
/** A client computes as many at each sign-in. */
export const MAX_ITERATIONS = 10_000_000;
export const DEFAULT_ITERATIONS = 15_000;

export function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

export function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** @param password prepared by {@link saslprep} */
export function deriveVerifier(password: string, salt: Buffer, iterations: number): ScramVerifier {
  const salted = pbkdf2Sync(password, salt, iterations, KEY_BYTES, 'sha256');
  return {
    iterations,
    salt,
    storedKey: sha256(hmac(salted, 'Client Key')),
    serverKey: hmac(salted, 'Server Key'),
  };
}

const VERIFIER =
  /^SCRAM-SHA-256\$(\d{1,8}):([A-Za-z0-9+/]+=*)\$([A-Za-z0-9+/]+=*):([A-Za-z0-9+/]+=*)$/;

/** The form of PostgreSQL: `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`, in Base64. */
export function formatVerifier(verifier: ScramVerifier): string {
  const [salt, storedKey, serverKey] = [verifier.salt, verifier.storedKey, verifier.serverKey].map(
    (bytes) => bytes.toString('base64'),
  );
  return `SCRAM-SHA-256$${String(verifier.iterations)}:${salt}$${storedKey}:${serverKey}`;
}

/** @returns undefined for text that is no verifier, or a weak one */
export function parseVerifier(text: string): ScramVerifier | undefined {
  const parts = VERIFIER.exec(text);
  if (parts === null) return undefined;
  const [salt, storedKey, serverKey] = parts
    .slice(2)
    .map((part) => Buffer.from(part, 'base64')) as [Buffer, Buffer, Buffer];
  const iterations = Number(parts[1]);
  if (iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS) return undefined;
  if (storedKey.length !== KEY_BYTES || serverKey.length !== KEY_BYTES) return undefined;
  return { iterations, salt, storedKey, serverKey };
}
