import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Made anew in each process, so that digests tell nothing about what they were made of. */
const digestKey = randomBytes(32);

function digest(value: Buffer): Buffer {
  return createHmac('sha256', digestKey).update(value).digest();
}

/**
 * Whether two byte strings of any length are the same, in a time that does not depend on where they
 * differ or whether their lengths do.
 */
export function equalsInConstantTime(left: Buffer, right: Buffer): boolean {
  return timingSafeEqual(digest(left), digest(right));
}
