import { expect } from 'chai';
import { loadConfig } from '../../../src/cli/config/load-all.ts';
import { hostKeyOf, listenersFrom } from '../../../src/cli/listeners.ts';
import { ConfigError } from '../../../src/common/errors.ts';

const CERTIFICATES = { SSL_SERVER_CERT_FILE: 'a.crt', SSL_SERVER_KEY_FILE: '/keys/a.key' };

function read(keys: Readonly<Record<string, string>>) {
  const environment = Object.entries(keys).map(([key, value]) => [`LMQTT_CONNECT_${key}`, value]);
  return loadConfig('/nowhere', Object.fromEntries(environment) as Record<string, string>).connect;
}

function listeners(keys: Readonly<Record<string, string>>) {
  return listenersFrom(read(keys), '/conf');
}

describe('listenersFrom', () => {
  it('is plain TCP on loopback unless told otherwise', () => {
    expect(listeners({})).to.deep.equal([{ host: '127.0.0.1', port: 1883, proxyProtocol: false }]);
  });

  it('has the ports of MQTT for all kinds, on the hosts of mqttHost', () => {
    const all = listeners({
      MQTT_HOST: '127.0.0.1,127.0.0.1:1884,::1',
      ENABLE_TLS: 'true',
      ENABLE_WEB_SOCKET: 'true',
      ENABLE_WEB_SOCKET_TLS: 'true',
      ...CERTIFICATES,
    });
    expect(all.map(({ host, port }) => `${host} ${port}`)).to.deep.equal([
      '127.0.0.1 1883',
      '127.0.0.1 1884',
      '::1 1883',
      '127.0.0.1 8883',
      '::1 8883',
      '127.0.0.1 8083',
      '::1 8083',
      '127.0.0.1 8084',
      '::1 8084',
    ]);
    expect(all.map(({ tls, webSocket }) => [tls !== undefined, webSocket?.path])).to.deep.equal([
      ...Array<unknown>(3).fill([false, undefined]),
      ...Array<unknown>(2).fill([true, undefined]),
      ...Array<unknown>(2).fill([false, '/mqtt']),
      ...Array<unknown>(2).fill([true, '/mqtt']),
    ]);
  });

  it('takes several addresses of each kind', () => {
    const wanted = { MQTT_WS_HOST: '10.0.0.1:1, 10.0.0.2', MQTT_WS_PORT: '2' };
    const all = listeners({ ...wanted, ENABLE_TCP: 'false', ENABLE_WEB_SOCKET: 'true' });
    expect(all).to.deep.equal([
      { host: '10.0.0.1', port: 1, proxyProtocol: false, webSocket: { path: '/mqtt' } },
      { host: '10.0.0.2', port: 2, proxyProtocol: false, webSocket: { path: '/mqtt' } },
    ]);
  });

  it('reads the TLS keys, files relative to the configuration', () => {
    const [, { tls }] = listeners({
      ENABLE_TLS: 'true',
      ...CERTIFICATES,
      SSL_SERVER_KEY_PASSWORD: 'pass',
      SSL_CA_CERT_FILE: 'ca.crt',
      NEED_CLIENT_AUTH: 'true',
      USERNAME_FROM_CERTIFICATE: 'true',
      TLS_MIN_VERSION: 'TLSv1.3',
      TLS_CIPHERS: 'HIGH',
      TLS_RELOAD_INTERVAL_SECONDS: '3',
    }) as [object, { tls: object }];
    expect(tls).to.deep.equal({
      sslServerCertFile: '/conf/a.crt',
      sslServerKeyFile: '/keys/a.key',
      sslServerKeyPassword: 'pass',
      sslCaCertFile: '/conf/ca.crt',
      clientCertificate: 'REQUIRED',
      minVersion: 'TLSv1.3',
      ciphers: 'HIGH',
      usernameFromCertificate: true,
      reloadIntervalMs: 3000,
    });
  });

  it('sets the PROXY protocol for the kinds that are named', () => {
    const keys = { PROXY_PROTOCOL: 'ws, mqtt', ENABLE_WEB_SOCKET: 'true', ENABLE_TLS: 'true' };
    const all = listeners({ ...keys, ...CERTIFICATES });
    expect(all.map(({ proxyProtocol }) => proxyProtocol)).to.deep.equal([true, false, true]);
  });

  const wrong: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    ['nothing to listen on', { ENABLE_TCP: 'false' }, 'enableTcp'],
    ['TLS without a certificate', { ENABLE_TLS: 'true' }, 'sslServerCertFile'],
    [
      'cipher suites of which none exists',
      { ENABLE_TLS: 'true', ...CERTIFICATES, TLS_CIPHERS: 'NO-SUCH-SUITE' },
      "connect.conf: tlsCiphers = 'NO-SUCH-SUITE': expected cipher suites as an OpenSSL list",
    ],
    ['TLS without a key', { ENABLE_TLS: 'true', SSL_SERVER_CERT_FILE: 'a' }, 'sslServerKeyFile'],
    [
      'client certificates without an authority',
      { ENABLE_TLS: 'true', ...CERTIFICATES, NEED_CLIENT_AUTH: 'optional' },
      'sslCaCertFile',
    ],
    [
      'user names of certificates that nobody asks for',
      { ENABLE_TLS: 'true', ...CERTIFICATES, USERNAME_FROM_CERTIFICATE: 'true' },
      'needClientAuth',
    ],
    ['an unknown kind', { PROXY_PROTOCOL: 'tcp' }, "'tcp' is not one of mqtt, mqtts, ws, wss"],
    ['a path without slash', { WEB_SOCKET_PATH: 'mqtt' }, 'webSocketPath'],
    ['an address that is none', { ENABLE_WEB_SOCKET: 'true', MQTT_WS_HOST: 'a:b' }, 'mqttWsHost'],
  ];
  for (const [what, keys, message] of wrong) {
    it(`refuses ${what}, and names the key`, () => {
      expect(() => listeners(keys)).to.throw(ConfigError, message);
    });
  }
});

describe('hostKeyOf', () => {
  it('names the key that a host is from', () => {
    const connect = read({ ENABLE_WEB_SOCKET: 'true', MQTT_WS_HOST: '0.0.0.0:80' });
    expect(hostKeyOf(connect, '0.0.0.0')).to.equal('mqttWsHost');
    expect(hostKeyOf(connect, '127.0.0.1')).to.equal('mqttHost');
  });
});
