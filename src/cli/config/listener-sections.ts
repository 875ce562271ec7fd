import type { ConfSpec, KeySchema, SectionSpec } from '../../common/config/conf-spec.ts';
import { choice, flag, port, text } from '../../common/config/key-schema.ts';
import { asAnySpec, type Section } from '../../common/config/load-conf.ts';
import { connectConf, type ConnectConf } from './connect-conf.ts';

export type ListenerTransport = 'mqtt' | 'mqtts' | 'ws' | 'wss';
export type ListenerAuthentication = 'service' | 'anonymous' | 'hmac' | 'scram' | 'certificate';

/** Keys of `connect.conf` that a listener can have of its own, with the same meaning. */
const OWN_KEYS = [
  'webSocketPath',
  'sslServerCertFile',
  'sslServerKeyFile',
  'sslServerKeyPassword',
  'sslCaCertFile',
  'needClientAuth',
  'usernameFromCertificate',
  'tlsMinVersion',
  'tlsCiphers',
  'maxConn',
  'maxConnPerIp',
  'maxConnRate',
  'connectTimeoutMs',
  'maxPacketSizeInByte',
  'topicAliasMaximum',
  'topicAliasMaximumOut',
  'receiveMaximum',
  'maxInflight',
  'maxSessionExpirySeconds',
  'maxSubscriptionsPerClient',
  'maxPublishRate',
  'maxPublishBytesRate',
  'publishRateExceeded',
] as const;

type OwnKey = (typeof OWN_KEYS)[number];

/** A `[listener.name]` section of `connect.conf`. */
export interface ListenerSectionConf extends Pick<ConnectConf, OwnKey> {
  transport: ListenerTransport;
  host: string;
  port: number;
  proxyProtocol: boolean;
  authentication: ListenerAuthentication;
}

export type ListenerSection = Section<ListenerSectionConf>;

/** The listeners of the keys above, which a section of that name changes. */
export const BUILT_IN: readonly ListenerTransport[] = ['mqtt', 'mqtts', 'ws', 'wss'];

const ownKeys = Object.fromEntries(
  OWN_KEYS.map((key) => [key, asAnySpec(connectConf).keys[key]]),
) as unknown as { readonly [K in OwnKey]: KeySchema<ConnectConf[K]> };

export const listenerSections: SectionSpec<ListenerSectionConf> = {
  kind: 'listener',
  title:
    'A further listener, with limits and authentication of its own. What it leaves out is as the keys above say; maxConn, maxConnPerIp and maxConnRate are limits of this listener within those above. A section named mqtt, mqtts, ws or wss changes the listeners of mqttPort, mqttTlsPort, mqttWsPort or mqttWssPort instead, and has no transport, host, port and proxyProtocol. Sections cannot be set by the environment.',
  keys: {
    transport: choice<ListenerTransport>(['mqtt', 'mqtts', 'ws', 'wss'], {
      default: 'mqtt',
      description: 'What is spoken: MQTT over TCP, TLS, WebSocket or WebSocket over TLS.',
    }),
    host: text({
      default: '127.0.0.1',
      minLength: 1,
      description: 'Addresses as in mqttHost.',
    }),
    port: port({
      default: 0,
      description: 'Port of the addresses that name none; must be set. 0 takes a free one.',
    }),
    proxyProtocol: flag({
      default: false,
      description: 'Connections begin with a PROXY protocol header.',
    }),
    authentication: choice<ListenerAuthentication>(
      ['service', 'anonymous', 'hmac', 'scram', 'certificate'],
      {
        default: 'service',
        description:
          'Who may connect. service: as service.conf says. anonymous: everybody; nothing is asked for.\nhmac: user name and password of service.conf, whatever allowAnonymous says. scram: a user of scramUsersFile (MQTT 5).\ncertificate: who presents a certificate (needClientAuth and usernameFromCertificate).',
      },
    ),
    ...ownKeys,
  },
};

/** `connect.conf` as a whole. */
export const connectFile: ConfSpec<ConnectConf> = { ...connectConf, sections: listenerSections };
