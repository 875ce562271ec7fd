import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  closedAuthenticator,
  openAuthenticator,
} from '../../../src/auth/anonymous-authenticator.ts';
import { certificateAuthenticator } from '../../../src/auth/certificate-authenticator.ts';
import { HmacAuthenticator } from '../../../src/auth/hmac-authenticator.ts';
import { signInOfListener } from '../../../src/cli/authentication.ts';
import { loadConfig, redactedConfig } from '../../../src/cli/config/load-all.ts';
import { hostKeyOf, listenersFrom } from '../../../src/cli/listeners.ts';
import { ConfigError } from '../../../src/common/errors.ts';
import type { ListenerOptions } from '../../../src/gateway/listener/listener-options.ts';

const SIGN_IN = { username: 'u', secretKey: 'k' };

describe('listener sections of connect.conf', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lmqtt-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function load(text: string): ReturnType<typeof loadConfig> {
    writeFileSync(join(directory, 'connect.conf'), text);
    return loadConfig(directory, {});
  }

  function listeners(text: string, service = SIGN_IN): ListenerOptions[] {
    const { connect, listeners: sections } = load(text);
    return listenersFrom(connect, '/conf', sections, (authentication, where) =>
      signInOfListener(service, [], authentication, where),
    );
  }

  it('add listeners with limits and authentication of their own', () => {
    const all = listeners(`
mqttHost = 0.0.0.0
receiveMaximum = 7
[listener.internal]
port = 1884
authentication = anonymous
maxConn = 10
maxConnPerIp = 3
maxConnRate = 4
connectTimeoutMs = 500
maxPacketSizeInByte = 2048
receiveMaximum = 8
maxInflight = 9
topicAliasMaximum = 0
topicAliasMaximumOut = 1
maxSessionExpirySeconds = 60
maxSubscriptionsPerClient = 5
maxPublishRate = 100
maxPublishBytesRate = 1000
publishRateExceeded = refuse
[listener.browsers]
transport = ws
host = 10.0.0.1, 10.0.0.2:9001
port = 9000
webSocketPath = /live
proxyProtocol = true
authentication = hmac ; whatever allowAnonymous says
`);
    const [all4, internal, first, second] = all;
    expect(all4).to.deep.equal({ host: '0.0.0.0', port: 1883, proxyProtocol: false });
    expect(internal).to.deep.equal({
      host: '127.0.0.1',
      port: 1884,
      proxyProtocol: false,
      settings: {
        limits: {
          maxPacketSize: 2048,
          connectTimeoutMs: 500,
          topicAliasMaximum: 0,
          topicAliasMaximumOut: 1,
          receiveMaximum: 8,
          maxInflight: 9,
          maxSessionExpirySeconds: 60,
          maxSubscriptionsPerClient: 5,
          maxPublishRate: 100,
          maxPublishBytesRate: 1000,
          publishRateExceeded: 'refuse',
        },
        maxConnections: 10,
        connectionLimits: { maxConnectionsPerIp: 3, maxConnectionRate: 4 },
        authenticator: openAuthenticator,
      },
    });
    expect(first).to.deep.include({
      host: '10.0.0.1',
      port: 9000,
      proxyProtocol: true,
      webSocket: { path: '/live' },
    });
    expect(second).to.include({ host: '10.0.0.2', port: 9001 });
    expect(second!.settings!.authenticator).to.be.instanceOf(HmacAuthenticator);
  });

  it('change the listeners of the keys above', () => {
    const [tcp, tls, wss] = listeners(`
enableTls = true
enableWebSocketTls = true
sslServerCertFile = a.crt
sslServerKeyFile = a.key
[listener.mqtt]
maxInflight = 1
[listener.mqtts]
sslServerCertFile = b.crt
sslCaCertFile = ca.crt
needClientAuth = true
usernameFromCertificate = true
authentication = certificate
`);
    expect(tcp!.settings).to.deep.equal({ limits: { maxInflight: 1 } });
    expect(tls).to.deep.include({ host: '127.0.0.1', port: 8883 });
    expect(tls!.tls).to.include({
      sslServerCertFile: '/conf/b.crt',
      sslServerKeyFile: '/conf/a.key',
      clientCertificate: 'REQUIRED',
      usernameFromCertificate: true,
    });
    expect(tls!.settings).to.deep.equal({ authenticator: certificateAuthenticator });
    expect(wss!.tls).to.include({ sslServerCertFile: '/conf/a.crt', clientCertificate: 'NONE' });
    expect(wss).not.to.have.property('settings');
  });

  it('can be the only ones', () => {
    expect(listeners('enableTcp = false\n[listener.a]\nport = 1')).to.deep.equal([
      { host: '127.0.0.1', port: 1, proxyProtocol: false, settings: {} },
    ]);
  });

  it('are the key that a host is from', () => {
    const { connect, listeners: sections } = load('[listener.far]\nhost = 10.0.0.1\nport = 1');
    expect(hostKeyOf(connect, '10.0.0.1', sections)).to.equal('[listener.far] host');
    expect(hostKeyOf(connect, '127.0.0.1', sections)).to.equal('mqttHost');
  });

  it('do not show secrets in logs', () => {
    const config = load('[listener.a]\nport = 1\nsslServerKeyPassword = hush');
    expect(redactedConfig(config)).to.deep.include({
      listeners: { a: { port: 1, sslServerKeyPassword: '<redacted>' } },
    });
  });

  const refused: Record<string, [string, string]> = {
    'one without a port': [
      '[listener.a]',
      'connect.conf:1: [listener.a] has no port: add port = ...',
    ],
    'an unknown key': ['[listener.a]\nprot = 1', ":2: unknown key 'prot' in a section, did you"],
    'a key that listeners do not have': ['[listener.a]\nbacklog = 1', ":2: unknown key 'backlog'"],
    'a value that does not fit': ['[listener.a]\nport = x', ":2: port = 'x': expected a whole"],
    'another kind': ['[user.a]', "unknown section '[user.a]', expected '[listener.a]'"],
    'one twice': ['[listener.a]\n[listener.a]', "section '[listener.a]' is already in line 1"],
    'a key twice': ['[listener.a]\nport = 1\nport = 1', ":3: key 'port' is already set in line 2"],
    'a header that is none': ['[listener]', "'[listener]' is not a section: expected [kind.name]"],
    'a port for a built-in one': ['[listener.mqtt]\nport = 1', 'port is not for it'],
    'one for a listener that is off': ['[listener.ws]\nmaxConn = 1', 'that is not enabled'],
    'certificates over plain TCP': [
      '[listener.a]\nport = 1\nauthentication = certificate',
      'it needs transport mqtts or wss',
    ],
    'a path without slash': [
      '[listener.a]\nport = 1\ntransport = ws\nwebSocketPath = x',
      'webSocketPath does not begin with a slash',
    ],
    'TLS without a certificate': [
      '[listener.a]\nport = 1\ntransport = mqtts',
      'sslServerCertFile is not set',
    ],
  };
  for (const [what, [text, message]] of Object.entries(refused)) {
    it(`refuse ${what}`, () => {
      expect(() => listeners(text)).to.throw(ConfigError, message);
    });
  }

  it('refuse to ask for a password that nobody has set', () => {
    const text = '[listener.a]\nport = 1\nauthentication = hmac';
    expect(() => listeners(text, { username: '', secretKey: '' })).to.throw(
      ConfigError,
      '[listener.a] authenticates by hmac: set username and secretKey in service.conf',
    );
  });

  it('refuse SCRAM without users', () => {
    const text = '[listener.a]\nport = 1\nauthentication = scram';
    expect(() => listeners(text)).to.throw(ConfigError, 'set scramUsersFile in service.conf');
  });

  it('take a method of enhanced authentication, and no password then', () => {
    const method = {
      method: 'X',
      begin: () => ({ next: () => ({ outcome: 'FAILURE' }) as const }),
    };
    expect(signInOfListener(SIGN_IN, [method], 'scram', 'x')).to.deep.equal({
      authenticator: closedAuthenticator,
      enhancedAuthenticators: [method],
    });
    expect(signInOfListener(SIGN_IN, [method], 'service', 'x')).to.deep.equal({});
  });

  it('are for connect.conf alone', () => {
    writeFileSync(join(directory, 'lmq.conf'), '[listener.a]');
    expect(() => loadConfig(directory, {})).to.throw(
      ConfigError,
      "lmq.conf:1: this file has no sections, found '[listener.a]'",
    );
  });
});
