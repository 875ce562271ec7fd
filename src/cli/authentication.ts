import { anonymousAuthenticator, openAuthenticator } from '../auth/anonymous-authenticator.ts';
import { AuthenticatorChain } from '../auth/authenticator-chain.ts';
import { certificateAuthenticator } from '../auth/certificate-authenticator.ts';
import { HmacAuthenticator } from '../auth/hmac-authenticator.ts';
import type { Authenticator } from '../auth/types.ts';
import { ConfigError } from '../common/errors.ts';
import type { ServiceConf } from './config/service-conf.ts';
import { isLoopback } from './listen-addresses.ts';

/** Lets clients in whose certificate names them, and asks `others` about the rest. */
export function acceptingCertificates(others: Authenticator): Authenticator {
  return new AuthenticatorChain([certificateAuthenticator, others]);
}

/**
 * Chooses who may connect from `service.conf` and the addresses that the gateway listens on.
 * @param keyOf the key of `connect.conf` that a host is from
 * @throws ConfigError when the keys contradict each other, or would leave a gateway that others can
 *   reach without any sign-in
 */
export function authenticatorFrom(
  service: Pick<ServiceConf, 'username' | 'secretKey' | 'allowAnonymous'>,
  hosts: readonly string[],
  keyOf: (host: string) => string = () => 'mqttHost',
): Authenticator {
  const { username, secretKey, allowAnonymous } = service;
  if ((username === '') !== (secretKey === '')) {
    const [set, empty] = username === '' ? ['secretKey', 'username'] : ['username', 'secretKey'];
    throw new ConfigError(`service.conf: ${set} is set but ${empty} is empty: set both or none`);
  }
  if (username !== '') {
    const hmac = new HmacAuthenticator(username, secretKey);
    return allowAnonymous === 'true'
      ? new AuthenticatorChain([anonymousAuthenticator, hmac])
      : hmac;
  }
  if (allowAnonymous === 'false') {
    throw new ConfigError(
      'service.conf: allowAnonymous is false and there are no credentials: set username and secretKey',
    );
  }
  const exposed = hosts.find((host) => !isLoopback(host));
  if (allowAnonymous === 'auto' && exposed !== undefined) {
    throw new ConfigError(
      `connect.conf: ${keyOf(exposed)} ${exposed} is not loopback and there are no credentials: ` +
        'set username and secretKey in service.conf, or allowAnonymous = true',
    );
  }
  return openAuthenticator;
}
