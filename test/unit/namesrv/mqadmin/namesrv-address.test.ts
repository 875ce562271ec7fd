import { expect } from 'chai';
import { parseNamesrvAddresses } from '../../../../src/namesrv/mqadmin/namesrv-address.ts';

describe('parseNamesrvAddresses', () => {
  it('reads one address, several, and IPv6 in brackets', () => {
    const hosts = (list: string): string[] =>
      parseNamesrvAddresses(list).map(({ host, port }) => `${host} ${String(port)}`);
    expect(hosts('localhost:9876')).to.deep.equal(['localhost 9876']);
    expect(hosts(' 10.0.0.1:9876; ns2:1 ;')).to.deep.equal(['10.0.0.1 9876', 'ns2 1']);
    expect(hosts('[::1]:9876')).to.deep.equal(['::1 9876']);
  });

  for (const list of [
    '',
    ';',
    'localhost',
    ':9876',
    'a:0',
    'a:65536',
    'a:b',
    '::1:9876',
    'a b:1',
    'a:1,b:2',
  ]) {
    it(`refuses "${list}"`, () => {
      expect(() => parseNamesrvAddresses(list)).to.throw(RangeError);
    });
  }
});
