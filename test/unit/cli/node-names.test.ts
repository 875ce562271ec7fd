import { hostname } from 'node:os';
import { expect } from 'chai';
import { namesrvAddressesFrom, nodeNameFrom, reachableHost } from '../../../src/cli/node-names.ts';
import { ConfigError } from '../../../src/common/errors.ts';

describe('nodeNameFrom', () => {
  it('is the configured name, or that of machine and port, or machine and process', () => {
    expect(nodeNameFrom({ nodeName: 'gateway-1' }, 1883, 7)).to.equal('gateway-1');
    expect(nodeNameFrom({ nodeName: '' }, 1883, 7)).to.equal(`${hostname()}:1883`);
    expect(nodeNameFrom({ nodeName: '' }, 0, 7)).to.equal(`${hostname()}-7`);
  });

  for (const nodeName of ['two words', 'ü', 'x'.repeat(129)]) {
    it(`refuses '${nodeName.slice(0, 12)}'`, () => {
      expect(() => nodeNameFrom({ nodeName }, 0, 7)).to.throw(
        ConfigError,
        'cluster.conf: nodeName',
      );
    });
  }
});

describe('namesrvAddressesFrom', () => {
  const from = (namesrvAddr: string) => namesrvAddressesFrom({ namesrvAddr });

  it('takes the separators of RocketMQ and ours, once each, with the usual port where there is none', () => {
    expect(from('a:1; b:2,[::1]:3;a:1')).to.deep.equal(['a:1', 'b:2', '[::1]:3']);
    expect(from('a;::1')).to.deep.equal(['a:9877', '[::1]:9877']);
  });

  it('refuses what is no address, and names the key', () => {
    expect(() => from('a:b')).to.throw(ConfigError, "cluster.conf: namesrvAddr: 'a:b'");
    expect(() => from(' ; ')).to.throw(ConfigError, 'cluster.conf: namesrvAddr names no address');
  });
});

describe('reachableHost', () => {
  it('is what others are told, or where it listens, or the machine', () => {
    expect(reachableHost('0.0.0.0', 'store.example')).to.equal('store.example');
    expect(reachableHost('10.0.0.1', '')).to.equal('10.0.0.1');
    expect(reachableHost('0.0.0.0', '')).to.equal(hostname());
    expect(reachableHost('::', '')).to.equal(hostname());
  });
});
