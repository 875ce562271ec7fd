import { expect } from 'chai';
import { addressesOf, addressText, isLoopback } from '../../../src/cli/listen-addresses.ts';
import { ConfigError } from '../../../src/common/errors.ts';

describe('addressesOf', () => {
  const read = (list: string) => addressesOf(list, 1883, 'mqttHost');

  it('splits a comma list and forgives spaces', () => {
    expect(read('127.0.0.1, ::1,')).to.deep.equal([
      { host: '127.0.0.1', port: 1883 },
      { host: '::1', port: 1883 },
    ]);
  });

  it('reads ports, with IPv6 addresses in brackets', () => {
    expect(read('localhost:1,[::1]:2,[fe80::1],10.0.0.1:0')).to.deep.equal([
      { host: 'localhost', port: 1 },
      { host: '::1', port: 2 },
      { host: 'fe80::1', port: 1883 },
      { host: '10.0.0.1', port: 0 },
    ]);
  });

  it('refuses a list without an address', () => {
    expect(() => read(' , ')).to.throw(ConfigError, 'mqttHost');
  });

  for (const entry of [
    'a:b',
    'a:',
    ':1',
    'a:65536',
    '[]:1',
    '[::1',
    '[::1]x',
    'a:1:2',
    '[a]:1:2',
  ]) {
    it(`refuses '${entry}'`, () => {
      expect(() => read(entry)).to.throw(ConfigError, `mqttHost: '${entry}'`);
    });
  }
});

describe('addressText', () => {
  it('puts IPv6 hosts in brackets', () => {
    expect(addressText('::1', 1)).to.equal('[::1]:1');
    expect(addressText('127.0.0.1', 1)).to.equal('127.0.0.1:1');
  });
});

describe('isLoopback', () => {
  for (const host of [
    '127.0.0.1',
    '127.8.9.10',
    '::1',
    '::ffff:127.0.0.1',
    'localhost',
    'LocalHost',
  ]) {
    it(`is true for ${host}`, () => {
      expect(isLoopback(host)).to.equal(true);
    });
  }

  const reachable = ['0.0.0.0', '::', '192.168.1.2', '128.0.0.1', '::2', 'gateway.example'];
  const disguised = [
    '127.0.0.1.example',
    'localhost.example',
    '127.example.org',
    '::ffff:10.0.0.1',
    '',
  ];
  for (const host of [...reachable, ...disguised]) {
    it(`is false for '${host}'`, () => {
      expect(isLoopback(host)).to.equal(false);
    });
  }
});
