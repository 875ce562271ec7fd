import type { ListenerSettings } from './listener-settings.ts';

/** An address to listen on. Port 0 takes a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export const Transport = { TCP: 'mqtt', TLS: 'mqtts', WS: 'ws', WSS: 'wss' } as const;
/** How MQTT comes to a listener; the value is the scheme of its URL. */
export type Transport = (typeof Transport)[keyof typeof Transport];

/** An address that is bound, and what is spoken there. */
export interface BoundAddress extends ListenAddress {
  readonly transport: Transport;
  /** Of the WebSocket's URL; undefined for the others. */
  readonly path: string | undefined;
}

export const ClientCertificate = {
  NONE: 'NONE',
  /** One that is presented is verified. */
  OPTIONAL: 'OPTIONAL',
  REQUIRED: 'REQUIRED',
} as const;
export type ClientCertificate = (typeof ClientCertificate)[keyof typeof ClientCertificate];

/** Files in PEM form. They are named in errors as the options are. */
export interface TlsFileNames {
  /** Certificate of the server, with the intermediate ones behind it. */
  readonly sslServerCertFile: string;
  readonly sslServerKeyFile: string;
  /** Passphrase of the key; undefined when it has none. */
  readonly sslServerKeyPassword?: string | undefined;
  /** Certificates that client certificates are verified against. */
  readonly sslCaCertFile?: string | undefined;
}

export interface TlsOptions extends TlsFileNames {
  readonly clientCertificate: ClientCertificate;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's list; undefined is Node's. */
  readonly ciphers: string | undefined;
  /** The common name of a verified client certificate is the user name. */
  readonly usernameFromCertificate: boolean;
  /** How often the files are looked at, ms; 0 = never. */
  readonly reloadIntervalMs: number;
}

export interface WebSocketOptions {
  /** The path that is served, without query. */
  readonly path: string;
}

/** One address with all that makes it different from plain TCP. */
export interface ListenerOptions extends ListenAddress {
  /** Connections begin with a header of the PROXY protocol, version 1 or 2. */
  readonly proxyProtocol?: boolean;
  readonly tls?: TlsOptions;
  readonly webSocket?: WebSocketOptions;
  /** Limits and authentication of its own. */
  readonly settings?: ListenerSettings;
}

export function transportOf({ tls, webSocket }: ListenerOptions): Transport {
  if (webSocket === undefined) return tls === undefined ? Transport.TCP : Transport.TLS;
  return tls === undefined ? Transport.WS : Transport.WSS;
}
