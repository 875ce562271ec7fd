import { createSecureContext } from 'node:tls';
import { messageOf } from '../../common/errors.ts';
import type { TlsOptions } from './listener-options.ts';

/**
 * What OpenSSL has against a list of cipher suites; undefined when it takes it. Names that it does not know it passes over,
 * unless nothing is left.
 */
export function cipherFault(
  ciphers: string,
  minVersion: TlsOptions['minVersion'],
): string | undefined {
  try {
    createSecureContext({ ciphers, minVersion });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
