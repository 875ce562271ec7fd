import { ConfigError } from '../common/errors.ts';
import { ClientCertificate, type ListenerOptions } from '../gateway/listener/listener-options.ts';
import type { ChannelLimits, ListenerSettings } from '../gateway/listener/listener-settings.ts';
import type { ConnectConf } from './config/connect-conf.ts';
import {
  BUILT_IN,
  type ListenerAuthentication,
  type ListenerSection,
  type ListenerSectionConf,
} from './config/listener-sections.ts';
import { addressesOf } from './listen-addresses.ts';

/** Keys that only a listener that a section makes has. */
const OF_NEW_LISTENERS = ['transport', 'host', 'port', 'proxyProtocol'] as const;
const ONLY_IN_SECTIONS = new Set<string>([...OF_NEW_LISTENERS, 'authentication']);

/** How clients of one listener sign in; empty is the gateway's way. */
export type ListenerSignIn = Pick<ListenerSettings, 'authenticator' | 'enhancedAuthenticators'>;
export type SignInOf = (authentication: ListenerAuthentication, where: string) => ListenerSignIn;

export function isBuiltIn({ name }: ListenerSection): boolean {
  return (BUILT_IN as readonly string[]).includes(name);
}

/** The section that changes the listeners of a transport, if there is one. */
export function sectionOf(
  sections: readonly ListenerSection[],
  transport: string,
): ListenerSection | undefined {
  const section = sections.find(({ name }) => name === transport);
  if (section === undefined) return undefined;
  for (const key of OF_NEW_LISTENERS) {
    if (section.values[key] === undefined) continue;
    throw new ConfigError(
      `${section.origin}: [listener.${section.name}] is the listener of the keys above: ${key} is not for it`,
    );
  }
  return section;
}

/** `connect.conf` as it is for the listeners of one section. */
export function overlaid(
  connect: Readonly<ConnectConf>,
  section: ListenerSection | undefined,
): Readonly<ConnectConf> {
  return section === undefined ? connect : { ...connect, ...ofConnect(section.values) };
}

/** The addresses of a listener that a section makes. */
export function addressesOfSection({
  name,
  origin,
  values,
}: ListenerSection): { host: string; port: number }[] {
  const { host = '127.0.0.1', port } = values;
  if (port === undefined) {
    throw new ConfigError(`${origin}: [listener.${name}] has no port: add port = ...`);
  }
  return addressesOf(host, port, `[listener.${name}] host`);
}

/**
 * What a section says of limits and authentication.
 * @param tls of the same listener
 * @throws ConfigError when certificates are to authenticate and there need not be any
 */
export function settingsFrom(
  { name, origin, values }: ListenerSection,
  tls: ListenerOptions['tls'],
  signInOf: SignInOf,
): ListenerSettings {
  const { authentication = 'service', maxConn, maxConnPerIp, maxConnRate } = values;
  const where = `${origin}: [listener.${name}]`;
  const needsCertificate =
    tls?.usernameFromCertificate === true && tls.clientCertificate === ClientCertificate.REQUIRED;
  if (authentication === 'certificate' && !needsCertificate) {
    throw new ConfigError(
      `${where} authenticates by certificate: it needs transport mqtts or wss, needClientAuth = true and usernameFromCertificate = true`,
    );
  }
  const signIn = signInOf(authentication, where);
  const limits = limitsFrom(values);
  return {
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(maxConn === undefined ? {} : { maxConnections: maxConn }),
    ...(maxConnPerIp === undefined && maxConnRate === undefined
      ? {}
      : {
          connectionLimits: {
            maxConnectionsPerIp: maxConnPerIp ?? 0,
            maxConnectionRate: maxConnRate ?? 0,
          },
        }),
    ...signIn,
  };
}

function limitsFrom(values: Readonly<Partial<ListenerSectionConf>>): Partial<ChannelLimits> {
  return defined({
    maxPacketSize: values.maxPacketSizeInByte,
    connectTimeoutMs: values.connectTimeoutMs,
    topicAliasMaximum: values.topicAliasMaximum,
    topicAliasMaximumOut: values.topicAliasMaximumOut,
    receiveMaximum: values.receiveMaximum,
    maxInflight: values.maxInflight,
    maxSessionExpirySeconds: values.maxSessionExpirySeconds,
    maxSubscriptionsPerClient: values.maxSubscriptionsPerClient,
    maxPublishRate: values.maxPublishRate,
    maxPublishBytesRate: values.maxPublishBytesRate,
    publishRateExceeded: values.publishRateExceeded,
  });
}

/** The values of a section that are keys of `connect.conf` too. */
function ofConnect(values: Readonly<Partial<ListenerSectionConf>>): Partial<ConnectConf> {
  const shared = Object.entries(values).filter(([key]) => !ONLY_IN_SECTIONS.has(key));
  return Object.fromEntries(shared);
}

/** Without the keys that have no value. */
function defined<T extends object>(values: { [K in keyof T]: T[K] | undefined }): Partial<T> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<T>;
}
