import {
  ClientCertificate,
  type ListenerOptions,
  type TlsOptions,
} from '../gateway/listener/listener-options.ts';
import type { ListenerSettings } from '../gateway/listener/listener-settings.ts';

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PATH = '/mqtt';
const RELOAD_INTERVAL_MS = 60_000;

/** TLS with its files in PEM form; what is left out has the default of `connect.conf`. */
export type TlsConfig = Pick<TlsOptions, 'sslServerCertFile' | 'sslServerKeyFile'> &
  Partial<TlsOptions>;

/** An address to listen on: TCP unless told otherwise. */
export interface ListenerConfig {
  /** 127.0.0.1 unless given. Others can reach another host: then an authenticator has to be given. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls?: TlsConfig;
  /** MQTT over WebSocket; true is the path `/mqtt`. */
  readonly webSocket?: boolean | { readonly path: string };
  /** Connections begin with a header of the PROXY protocol, version 1 or 2. */
  readonly proxyProtocol?: boolean;
  /** Limits and authentication of its own. */
  readonly settings?: ListenerSettings;
}

/** The listener with all defaults filled in. */
export function listenerOptionsOf(config: ListenerConfig): ListenerOptions {
  const { host = DEFAULT_HOST, port, tls, webSocket = false, proxyProtocol, settings } = config;
  return {
    host,
    port,
    ...(tls === undefined ? {} : { tls: tlsOptionsOf(tls) }),
    ...(webSocket === false
      ? {}
      : { webSocket: { path: webSocket === true ? DEFAULT_PATH : webSocket.path } }),
    ...(proxyProtocol === undefined ? {} : { proxyProtocol }),
    ...(settings === undefined ? {} : { settings }),
  };
}

function tlsOptionsOf(tls: TlsConfig): TlsOptions {
  return {
    clientCertificate: ClientCertificate.NONE,
    minVersion: 'TLSv1.2',
    ciphers: undefined,
    usernameFromCertificate: false,
    reloadIntervalMs: RELOAD_INTERVAL_MS,
    ...tls,
  };
}
