import { expect } from 'chai';
import { hostsOf, isLoopback } from '../../../src/cli/listen-addresses.ts';
import { ConfigError } from '../../../src/common/errors.ts';

describe('hostsOf', () => {
  it('splits a comma list and forgives spaces', () => {
    expect(hostsOf('127.0.0.1, ::1,')).to.deep.equal(['127.0.0.1', '::1']);
  });

  it('refuses a list without an address', () => {
    expect(() => hostsOf(' , ')).to.throw(ConfigError, 'mqttHost');
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
