import { resolve } from 'node:path';
import { ConfigError } from '../common/errors.ts';
import {
  ClientCertificate,
  type ListenAddress,
  type ListenerOptions,
  type TlsOptions,
  Transport,
} from '../gateway/listener/listener-options.ts';
import { cipherFault } from '../gateway/listener/tls-ciphers.ts';
import type { ConnectConf } from './config/connect-conf.ts';
import type { ListenerSection } from './config/listener-sections.ts';
import { addressesOf } from './listen-addresses.ts';
import {
  addressesOfSection,
  isBuiltIn,
  overlaid,
  sectionOf,
  settingsFrom,
  type SignInOf,
} from './listener-sections.ts';

const CLIENT_CERTIFICATE = {
  false: ClientCertificate.NONE,
  optional: ClientCertificate.OPTIONAL,
  true: ClientCertificate.REQUIRED,
} as const;

const TRANSPORTS: readonly string[] = Object.values(Transport);

interface Kind {
  readonly transport: Transport;
  readonly hostKey: 'mqttHost' | 'mqttTlsHost' | 'mqttWsHost' | 'mqttWssHost';
  readonly isEnabled: boolean;
  readonly port: number;
}

/**
 * What `connect.conf` says of the listeners: plain TCP first, those of its sections last.
 * @param confDirectory where relative names of certificate files begin
 * @throws ConfigError naming the key that contradicts another or does not fit
 */
export function listenersFrom(
  connect: Readonly<ConnectConf>,
  confDirectory: string,
  sections: readonly ListenerSection[] = [],
  signInOf: SignInOf = () => ({}),
): ListenerOptions[] {
  const make = (spec: ListenerSpec): ListenerOptions[] => {
    const { transport, section } = spec;
    const conf = overlaid(connect, section);
    if (!conf.webSocketPath.startsWith('/')) {
      throw new ConfigError('connect.conf: webSocketPath does not begin with a slash');
    }
    const tls = hasTls(transport) ? tlsFrom(conf, confDirectory) : undefined;
    const settings = section && settingsFrom(section, tls, signInOf);
    const options = {
      proxyProtocol: spec.proxyProtocol,
      ...(tls === undefined ? {} : { tls }),
      ...(isWebSocket(transport) ? { webSocket: { path: conf.webSocketPath } } : {}),
      ...(settings === undefined ? {} : { settings }),
    };
    return spec.addresses.map((address) => ({ ...address, ...options }));
  };
  const all = [...builtIn(connect, sections), ...added(sections)];
  if (all.length === 0) {
    throw new ConfigError('connect.conf: enableTcp is false and no other listener is enabled');
  }
  return all.flatMap(make);
}

/** Where a listener listens, and the section that it is changed or made by. */
interface ListenerSpec {
  readonly transport: Transport;
  readonly addresses: readonly ListenAddress[];
  readonly proxyProtocol: boolean;
  readonly section: ListenerSection | undefined;
}

function builtIn(
  connect: Readonly<ConnectConf>,
  sections: readonly ListenerSection[],
): ListenerSpec[] {
  const proxied = proxiedTransports(connect.proxyProtocol);
  return kindsOf(connect).flatMap((kind) => {
    const { transport } = kind;
    const section = sectionOf(sections, transport);
    if (!kind.isEnabled) {
      if (section === undefined) return [];
      throw new ConfigError(
        `${section.origin}: [listener.${section.name}] is for a listener that is not enabled`,
      );
    }
    const addresses = addressesOfKind(connect, kind);
    return { transport, addresses, proxyProtocol: proxied.has(transport), section };
  });
}

function added(sections: readonly ListenerSection[]): ListenerSpec[] {
  return sections
    .filter((section) => !isBuiltIn(section))
    .map((section) => ({
      transport: section.values.transport ?? Transport.TCP,
      addresses: addressesOfSection(section),
      proxyProtocol: section.values.proxyProtocol ?? false,
      section,
    }));
}

/** The key that a host of the listeners is from. */
export function hostKeyOf(
  connect: Readonly<ConnectConf>,
  host: string,
  sections: readonly ListenerSection[] = [],
): string {
  const kinds = kindsOf(connect).filter(({ isEnabled, hostKey }) => isEnabled && connect[hostKey]);
  const isFrom = ({ hostKey }: Kind): boolean =>
    addressesOf(connect[hostKey], 0, hostKey).some((address) => address.host === host);
  const kind = kinds.find(isFrom);
  if (kind !== undefined) return kind.hostKey;
  const section = sections
    .filter((candidate) => !isBuiltIn(candidate))
    .find((candidate) => addressesOfSection(candidate).some((address) => address.host === host));
  return section === undefined ? 'mqttHost' : `[listener.${section.name}] host`;
}

function kindsOf(connect: Readonly<ConnectConf>): Kind[] {
  return [
    {
      transport: Transport.TCP,
      hostKey: 'mqttHost',
      isEnabled: connect.enableTcp,
      port: connect.mqttPort,
    },
    {
      transport: Transport.TLS,
      hostKey: 'mqttTlsHost',
      isEnabled: connect.enableTls,
      port: connect.mqttTlsPort,
    },
    {
      transport: Transport.WS,
      hostKey: 'mqttWsHost',
      isEnabled: connect.enableWebSocket,
      port: connect.mqttWsPort,
    },
    {
      transport: Transport.WSS,
      hostKey: 'mqttWssHost',
      isEnabled: connect.enableWebSocketTls,
      port: connect.mqttWssPort,
    },
  ];
}

function addressesOfKind(
  connect: Readonly<ConnectConf>,
  { hostKey, port }: Kind,
): { host: string; port: number }[] {
  const list = connect[hostKey];
  if (list.trim() !== '') return addressesOf(list, port, hostKey);
  // A host may be in mqttHost several times, with several ports.
  const hosts = addressesOf(connect.mqttHost, port, 'mqttHost').map(({ host }) => host);
  return [...new Set(hosts)].map((host) => ({ host, port }));
}

function tlsFrom(connect: Readonly<ConnectConf>, confDirectory: string): TlsOptions {
  const { sslServerCertFile, sslServerKeyFile, sslCaCertFile, needClientAuth } = connect;
  for (const [key, file] of Object.entries({ sslServerCertFile, sslServerKeyFile })) {
    if (file === '') throw new ConfigError(`connect.conf: TLS is enabled and ${key} is not set`);
  }
  if (needClientAuth !== 'false' && sslCaCertFile === '') {
    throw new ConfigError(
      `connect.conf: needClientAuth is ${needClientAuth} and sslCaCertFile is not set`,
    );
  }
  if (needClientAuth === 'false' && connect.usernameFromCertificate) {
    throw new ConfigError(
      'connect.conf: usernameFromCertificate is true and needClientAuth is false: there is no certificate',
    );
  }
  checkCiphers(connect);
  return {
    sslServerCertFile: resolve(confDirectory, sslServerCertFile),
    sslServerKeyFile: resolve(confDirectory, sslServerKeyFile),
    sslServerKeyPassword: orUndefined(connect.sslServerKeyPassword),
    sslCaCertFile: sslCaCertFile === '' ? undefined : resolve(confDirectory, sslCaCertFile),
    clientCertificate: CLIENT_CERTIFICATE[needClientAuth],
    minVersion: connect.tlsMinVersion,
    ciphers: orUndefined(connect.tlsCiphers),
    usernameFromCertificate: connect.usernameFromCertificate,
    reloadIntervalMs: connect.tlsReloadIntervalSeconds * 1000,
  };
}

function checkCiphers({ tlsCiphers, tlsMinVersion }: Readonly<ConnectConf>): void {
  const fault = tlsCiphers === '' ? undefined : cipherFault(tlsCiphers, tlsMinVersion);
  if (fault === undefined) return;
  throw new ConfigError(
    `connect.conf: tlsCiphers = '${tlsCiphers}': expected cipher suites as an OpenSSL list, such as 'ECDHE+AESGCM:!aNULL': ${fault}`,
  );
}

function proxiedTransports(list: string): ReadonlySet<string> {
  const names = list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const unknown = names.find((name) => !TRANSPORTS.includes(name));
  if (unknown !== undefined) {
    throw new ConfigError(
      `connect.conf: proxyProtocol: '${unknown}' is not one of ${TRANSPORTS.join(', ')}`,
    );
  }
  return new Set(names);
}

function hasTls(transport: Transport): boolean {
  return transport === Transport.TLS || transport === Transport.WSS;
}

function isWebSocket(transport: Transport): boolean {
  return transport === Transport.WS || transport === Transport.WSS;
}

function orUndefined(text: string): string | undefined {
  return text === '' ? undefined : text;
}
