import { resolve } from 'node:path';
import { ConfigError } from '../common/errors.ts';
import {
  ClientCertificate,
  type ListenerOptions,
  type TlsOptions,
  Transport,
} from '../gateway/listener/listener-options.ts';
import type { ConnectConf } from './config/connect-conf.ts';
import { addressesOf } from './listen-addresses.ts';

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
 * What `connect.conf` says of the listeners, plain TCP first.
 * @param confDirectory where relative names of certificate files begin
 * @throws ConfigError naming the key that contradicts another or does not fit
 */
export function listenersFrom(
  connect: Readonly<ConnectConf>,
  confDirectory: string,
): ListenerOptions[] {
  const proxied = proxiedTransports(connect.proxyProtocol);
  const kinds = kindsOf(connect).filter(({ isEnabled }) => isEnabled);
  if (kinds.length === 0) {
    throw new ConfigError('connect.conf: enableTcp is false and no other listener is enabled');
  }
  if (!connect.webSocketPath.startsWith('/')) {
    throw new ConfigError('connect.conf: webSocketPath does not begin with a slash');
  }
  return kinds.flatMap((kind) => {
    const extras = {
      proxyProtocol: proxied.has(kind.transport),
      ...(hasTls(kind.transport) ? { tls: tlsFrom(connect, confDirectory) } : {}),
      ...(isWebSocket(kind.transport) ? { webSocket: { path: connect.webSocketPath } } : {}),
    };
    return addressesOfKind(connect, kind).map((address) => ({ ...address, ...extras }));
  });
}

/** The key that a host of the listeners is from. */
export function hostKeyOf(connect: Readonly<ConnectConf>, host: string): string {
  const kinds = kindsOf(connect).filter(({ isEnabled, hostKey }) => isEnabled && connect[hostKey]);
  const isFrom = ({ hostKey }: Kind): boolean =>
    addressesOf(connect[hostKey], 0, hostKey).some((address) => address.host === host);
  return kinds.find(isFrom)?.hostKey ?? 'mqttHost';
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
