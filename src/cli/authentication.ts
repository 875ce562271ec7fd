import {
  anonymousAuthenticator,
  closedAuthenticator,
  openAuthenticator,
} from '../auth/anonymous-authenticator.ts';
import { AuthenticatorChain } from '../auth/authenticator-chain.ts';
import { certificateAuthenticator } from '../auth/certificate-authenticator.ts';
import { HmacAuthenticator } from '../auth/hmac-authenticator.ts';
import type { Authenticator, EnhancedAuthenticator } from '../auth/types.ts';
import { ConfigError } from '../common/errors.ts';
import type { Logger } from '../common/logger.ts';
import type { ListenerOptions } from '../gateway/options.ts';
import type { ListenerAuthentication } from './config/listener-sections.ts';
import type { ListenerSignIn } from './listener-sections.ts';
import type { ServiceConf } from './config/service-conf.ts';
import { isLoopback } from './listen-addresses.ts';

/** Lets clients in whose certificate names them, and asks `others` about the rest. */
export function acceptingCertificates(others: Authenticator): Authenticator {
  return new AuthenticatorChain([certificateAuthenticator, others]);
}

/** Says in the log which listeners others can reach and use without any sign-in. */
export function warnOfOpenListeners(listeners: readonly ListenerOptions[], logger: Logger): void {
  for (const { host, port, settings } of listeners) {
    if (settings?.authenticator !== openAuthenticator || isLoopback(host)) continue;
    logger.warn({ host, port }, 'a listener that others can reach lets everybody in');
  }
}

/**
 * How clients of a listener sign in that has a way of its own; empty for one that does as `service.conf` says.
 * @param enhanced the methods of enhanced authentication of `service.conf`
 * @param where the listener, for messages
 * @throws ConfigError when there is nothing that a client could sign in with
 */
export function signInOfListener(
  { username, secretKey }: Pick<ServiceConf, 'username' | 'secretKey'>,
  enhanced: readonly EnhancedAuthenticator[],
  authentication: ListenerAuthentication,
  where: string,
): ListenerSignIn {
  switch (authentication) {
    case 'service':
      return {};
    case 'anonymous':
      return { authenticator: openAuthenticator };
    case 'certificate':
      return { authenticator: certificateAuthenticator };
    case 'scram':
      if (enhanced.length > 0) {
        return { authenticator: closedAuthenticator, enhancedAuthenticators: enhanced };
      }
      throw new ConfigError(`${where} authenticates by scram: set scramUsersFile in service.conf`);
    case 'hmac':
      if (username !== '' && secretKey !== '') {
        return { authenticator: new HmacAuthenticator(username, secretKey) };
      }
      throw new ConfigError(
        `${where} authenticates by hmac: set username and secretKey in service.conf`,
      );
  }
}

/**
 * Chooses who may connect from `service.conf` and the addresses that the gateway listens on.
 * @param keyOf the key of `connect.conf` that a host is from
 * @throws ConfigError when the keys contradict each other, or would leave a gateway that others can
 *   reach without any sign-in
 */
export function authenticatorFrom(
  service: Pick<ServiceConf, 'username' | 'secretKey' | 'allowAnonymous' | 'scramUsersFile'>,
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
  if (service.scramUsersFile !== '' && allowAnonymous !== 'true') return closedAuthenticator;
  if (allowAnonymous === 'false') {
    throw new ConfigError(
      'service.conf: allowAnonymous is false and there are no credentials: set username and secretKey, or scramUsersFile',
    );
  }
  const exposed = hosts.find((host) => !isLoopback(host));
  if (allowAnonymous === 'auto' && exposed !== undefined) {
    throw new ConfigError(
      `connect.conf: ${keyOf(exposed)} ${exposed} is not loopback and there are no credentials: ` +
        `set username and secretKey in service.conf, or allowAnonymous = true${portHint(exposed)}`,
    );
  }
  return openAuthenticator;
}

/** For who has written an IPv6 address and a port without brackets, which is another address. */
function portHint(host: string): string {
  const [, address, port] = /^(.*:.*):(\d{2,4})$/.exec(host) ?? [];
  if (address === undefined || port === undefined) return '';
  return `; if ${port} is to be the port, write [${address}]:${port}`;
}
