import { expect } from 'chai';
import fc from 'fast-check';
import {
  parseProxyHeader,
  ProxyHeaderError,
} from '../../../../src/gateway/listener/proxy-header.ts';

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const V1 = 'PROXY TCP4 203.0.113.9 192.0.2.1 40000 1883\r\n';

function v1(line: string): Buffer {
  return Buffer.from(line, 'latin1');
}

function v2(command: number, family: number, body: Buffer, length = body.length): Buffer {
  const head = Buffer.from([command, family, length >> 8, length & 0xff]);
  return Buffer.concat([SIGNATURE, head, body]);
}

const IPV4 = Buffer.from('cb007109c00002019c40075b', 'hex');
const IPV6 = Buffer.concat([
  Buffer.from('20010db8000000000000000000000001', 'hex'),
  Buffer.from('20010db8000000000000000000000002', 'hex'),
  Buffer.from('9c40075b', 'hex'),
]);
const VALID = [
  v1(V1),
  v1('PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n'),
  v1('PROXY UNKNOWN\r\n'),
  v1('PROXY UNKNOWN ffff:: ffff:: 65535 65535\r\n'),
  v2(0x21, 0x11, IPV4),
  v2(0x21, 0x21, IPV6),
  v2(0x21, 0x11, Buffer.concat([IPV4, Buffer.from('0400030a0b0c', 'hex')])),
  v2(0x20, 0x00, Buffer.alloc(0)),
  v2(0x20, 0x11, IPV4),
  v2(0x21, 0x00, Buffer.from('junk')),
];

describe('gateway: parseProxyHeader', () => {
  it('reads version 1', () => {
    expect(parseProxyHeader(v1(`${V1}rest`))).to.deep.equal({
      bytes: V1.length,
      source: { address: '203.0.113.9', port: 40_000 },
    });
    expect(parseProxyHeader(v1('PROXY TCP6 2001:db8::1 ::1 1 2\r\n'))?.source).to.deep.equal({
      address: '2001:db8::1',
      port: 1,
    });
  });

  it('reads version 2, extensions included', () => {
    expect(parseProxyHeader(v2(0x21, 0x11, IPV4))).to.deep.equal({
      bytes: 28,
      source: { address: '203.0.113.9', port: 40_000 },
    });
    expect(parseProxyHeader(v2(0x21, 0x21, IPV6))).to.deep.equal({
      bytes: 52,
      source: { address: '2001:db8::1', port: 40_000 },
    });
    const extended = Buffer.concat([IPV4, Buffer.alloc(100)]);
    expect(parseProxyHeader(v2(0x21, 0x11, extended))?.bytes).to.equal(128);
  });

  it('knows no source where the proxy names none', () => {
    const unnamed = [
      v1('PROXY UNKNOWN\r\n'),
      v1('PROXY UNKNOWN some thing\r\n'),
      v2(0x20, 0x00, Buffer.alloc(0)),
      v2(0x20, 0x11, IPV4),
      v2(0x21, 0x00, Buffer.alloc(0)),
    ];
    for (const bytes of unnamed) {
      expect(parseProxyHeader(bytes)).to.deep.equal({ bytes: bytes.length, source: undefined });
    }
  });

  it('waits at every cut of a valid header and never takes more than it', () => {
    for (const header of VALID) {
      for (let cut = 0; cut < header.length; cut++) {
        expect(parseProxyHeader(header.subarray(0, cut)), String(cut)).to.equal(undefined);
      }
      const followed = Buffer.concat([header, Buffer.from('\r\nPROXY')]);
      expect(parseProxyHeader(followed)?.bytes).to.equal(header.length);
    }
  });

  const malformed: readonly (readonly [string, Buffer])[] = [
    ['MQTT', Buffer.from('100d00044d515454', 'hex')],
    ['HTTP', v1('GET / HTTP/1.1\r\n')],
    ['a signature with one byte wrong', Buffer.from('0d0a0d0a000d0b', 'hex')],
    ['an unknown family', v1('PROXY TCP5 1.1.1.1 1.1.1.1 1 1\r\n')],
    ['no family', v1('PROXY \r\n')],
    ['an IPv6 address in TCP4', v1('PROXY TCP4 ::1 ::1 1 1\r\n')],
    ['an IPv4 address in TCP6', v1('PROXY TCP6 1.1.1.1 1.1.1.1 1 1\r\n')],
    ['a zone', v1('PROXY TCP6 fe80::1%eth0 ::1 1 1\r\n')],
    ['a port too large', v1('PROXY TCP4 1.1.1.1 1.1.1.1 65536 1\r\n')],
    ['a port with a leading zero', v1('PROXY TCP4 1.1.1.1 1.1.1.1 01 1\r\n')],
    ['a negative port', v1('PROXY TCP4 1.1.1.1 1.1.1.1 -1 1\r\n')],
    ['no ports', v1('PROXY TCP4 1.1.1.1 1.1.1.1\r\n')],
    ['a field too many', v1('PROXY TCP4 1.1.1.1 1.1.1.1 1 1 1\r\n')],
    ['two blanks', v1('PROXY TCP4  1.1.1.1 1.1.1.1 1 1\r\n')],
    ['a line of 107 bytes without end', v1('PROXY UNKNOWN '.padEnd(107, 'x'))],
    ['version 1 in binary', v2(0x11, 0x11, IPV4)],
    ['an unknown command', v2(0x22, 0x11, IPV4)],
    ['datagrams', v2(0x21, 0x12, IPV4)],
    ['a Unix socket', v2(0x21, 0x31, Buffer.alloc(216))],
    ['an address cut off', v2(0x21, 0x11, IPV4.subarray(0, 11))],
    ['an IPv6 address cut off', v2(0x21, 0x21, IPV6.subarray(0, 35))],
    ['a length of 4097, before the rest has come', v2(0x21, 0x11, IPV4, 4097)],
  ];
  for (const [what, bytes] of malformed) {
    it(`refuses ${what}`, () => {
      expect(() => parseProxyHeader(bytes)).to.throw(ProxyHeaderError);
    });
  }

  it('answers or throws ProxyHeaderError, whatever the bytes, and needs at most 4112 of them', () => {
    const prefixes = fc.constantFrom(Buffer.alloc(0), v1('PROXY '), v1('PROXY TCP4 '), SIGNATURE);
    fc.assert(
      fc.property(prefixes, fc.uint8Array({ maxLength: 5000 }), (prefix, tail) => {
        const bytes = Buffer.concat([prefix, tail]);
        try {
          const header = parseProxyHeader(bytes);
          if (header === undefined) expect(bytes.length).to.be.lessThan(4112);
          else expect(header.bytes).to.be.within(1, bytes.length);
        } catch (error) {
          expect(error).to.be.instanceOf(ProxyHeaderError);
        }
      }),
    );
  });

  it('says the same of a header with one byte changed, whether it comes at once or in parts', () => {
    const changed = fc.tuple(fc.constantFrom(...VALID), fc.nat(), fc.integer({ min: 1, max: 255 }));
    const outcome = (bytes: Buffer): string => {
      try {
        const header = parseProxyHeader(bytes);
        return header === undefined ? 'more' : JSON.stringify(header);
      } catch (error) {
        return (error as Error).name;
      }
    };
    fc.assert(
      fc.property(changed, fc.nat(), ([valid, at, flip], cut) => {
        const bytes = Buffer.from(valid);
        bytes[at % bytes.length]! ^= flip;
        const early = outcome(bytes.subarray(0, cut % bytes.length));
        if (early !== 'more') expect(outcome(bytes)).to.equal(early);
      }),
    );
  });
});
