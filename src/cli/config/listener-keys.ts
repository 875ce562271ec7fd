import type { ConfSpec } from '../../common/config/conf-spec.ts';
import { choice, flag, integer, port, text } from '../../common/config/key-schema.ts';

export type NeedClientAuth = 'false' | 'optional' | 'true';
export type TlsMinVersion = 'TLSv1.2' | 'TLSv1.3';

/** Keys of `connect.conf` for the listeners other than plain TCP, and for what all listeners refuse. */
export interface ListenerConf {
  enableTcp: boolean;
  enableTls: boolean;
  mqttTlsHost: string;
  mqttTlsPort: number;
  enableWebSocket: boolean;
  mqttWsHost: string;
  mqttWsPort: number;
  enableWebSocketTls: boolean;
  mqttWssHost: string;
  mqttWssPort: number;
  webSocketPath: string;
  sslServerCertFile: string;
  sslServerKeyFile: string;
  sslServerKeyPassword: string;
  sslCaCertFile: string;
  needClientAuth: NeedClientAuth;
  usernameFromCertificate: boolean;
  tlsMinVersion: TlsMinVersion;
  tlsCiphers: string;
  tlsReloadIntervalSeconds: number;
  proxyProtocol: string;
  handshakeTimeoutMs: number;
  maxConnPerIp: number;
  maxConnRate: number;
}

const HOSTS = 'Addresses as in mqttHost; empty: the hosts of mqttHost.';
const IN_CONF_DIR = 'A relative path begins at the folder of the configuration.';

/** Aliases of these keys: the spelling of Apache RocketMQ MQTT. */
export const listenerAliases: Readonly<Record<string, keyof ListenerConf>> = {
  enableTlsSever: 'enableTls',
};

const addressKeys: Pick<
  ConfSpec<ListenerConf>['keys'],
  | 'enableTcp'
  | 'enableTls'
  | 'mqttTlsHost'
  | 'mqttTlsPort'
  | 'enableWebSocket'
  | 'mqttWsHost'
  | 'mqttWsPort'
  | 'enableWebSocketTls'
  | 'mqttWssHost'
  | 'mqttWssPort'
  | 'webSocketPath'
> = {
  enableTcp: flag({ default: true, description: 'Listen for MQTT over plain TCP.' }),
  enableTls: flag({
    default: false,
    description:
      'Listen for MQTT over TLS; needs sslServerCertFile and sslServerKeyFile.\nThe spelling of Apache RocketMQ MQTT, enableTlsSever, is understood in the file too.',
  }),
  mqttTlsHost: text({ default: '', description: HOSTS }),
  mqttTlsPort: port({ default: 8883, description: 'Port of MQTT over TLS. 0 takes a free one.' }),
  enableWebSocket: flag({ default: false, description: 'Listen for MQTT over WebSocket.' }),
  mqttWsHost: text({ default: '', description: HOSTS }),
  mqttWsPort: port({
    default: 8083,
    description:
      'Port of MQTT over WebSocket. 0 takes a free one.\nApache RocketMQ MQTT has 8888 here (docs/adr/0311).',
  }),
  enableWebSocketTls: flag({
    default: false,
    description:
      'Listen for MQTT over WebSocket over TLS; needs sslServerCertFile and sslServerKeyFile.',
  }),
  mqttWssHost: text({ default: '', description: HOSTS }),
  mqttWssPort: port({
    default: 8084,
    description: 'Port of MQTT over WebSocket over TLS. 0 takes a free one.',
  }),
  webSocketPath: text({
    default: '/mqtt',
    minLength: 1,
    description: "Path of the WebSocket's URL. Begins with a slash.",
  }),
};

const tlsKeys: Pick<
  ConfSpec<ListenerConf>['keys'],
  | 'sslServerCertFile'
  | 'sslServerKeyFile'
  | 'sslServerKeyPassword'
  | 'sslCaCertFile'
  | 'needClientAuth'
  | 'usernameFromCertificate'
  | 'tlsMinVersion'
  | 'tlsCiphers'
  | 'tlsReloadIntervalSeconds'
> = {
  sslServerCertFile: text({
    default: '',
    description: `Certificate of the server in PEM form, intermediate ones behind it. ${IN_CONF_DIR}`,
  }),
  sslServerKeyFile: text({
    default: '',
    description: `Private key of the certificate in PEM form. ${IN_CONF_DIR}`,
  }),
  sslServerKeyPassword: text({
    default: '',
    secret: true,
    description: 'Passphrase of the private key. Empty: it has none.',
  }),
  sslCaCertFile: text({
    default: '',
    description: `Certificates that client certificates are verified against, in PEM form. ${IN_CONF_DIR}`,
  }),
  needClientAuth: choice<NeedClientAuth>(['false', 'optional', 'true'], {
    default: 'false',
    description:
      'Whether TLS clients need a certificate that sslCaCertFile verifies. optional: who presents one is verified.',
  }),
  usernameFromCertificate: flag({
    default: false,
    description:
      'The common name of a verified client certificate is the user name, and no password is asked for.',
  }),
  tlsMinVersion: choice<TlsMinVersion>(['TLSv1.2', 'TLSv1.3'], {
    default: 'TLSv1.2',
    description: 'Oldest version of TLS that is accepted.',
  }),
  tlsCiphers: text({
    default: '',
    description:
      "Cipher suites as an OpenSSL list, which passes over names that it does not know. Empty: Node.js's own.",
  }),
  tlsReloadIntervalSeconds: integer({
    default: 10,
    minimum: 0,
    maximum: 86_400,
    unit: 's',
    description:
      'How often the certificate files are looked at; changed ones serve new connections at once. 0: never.',
  }),
};

const limitKeys: Pick<
  ConfSpec<ListenerConf>['keys'],
  'proxyProtocol' | 'handshakeTimeoutMs' | 'maxConnPerIp' | 'maxConnRate'
> = {
  proxyProtocol: text({
    default: '',
    description:
      'Listeners whose connections begin with a PROXY protocol header (version 1 or 2), as a load balancer sends it: any of mqtt, mqtts, ws and wss, separated by commas. Clients must not reach those listeners directly.',
  }),
  handshakeTimeoutMs: integer({
    default: 10_000,
    minimum: 100,
    maximum: 600_000,
    unit: 'ms',
    description:
      'Time for PROXY header, TLS handshake and WebSocket upgrade together; the time to CONNECT comes after it.',
  }),
  maxConnPerIp: integer({
    default: 0,
    minimum: 0,
    maximum: 10_000_000,
    unit: 'connections',
    description: 'Most connections at a time from one address, on all listeners. 0: no limit.',
  }),
  maxConnRate: integer({
    default: 0,
    minimum: 0,
    maximum: 1_000_000,
    unit: 'connections a second',
    description:
      'Most connections accepted in a second, on all listeners; more are refused. 0: no limit.',
  }),
};

export const listenerKeys: ConfSpec<ListenerConf>['keys'] = {
  ...addressKeys,
  ...tlsKeys,
  ...limitKeys,
};
