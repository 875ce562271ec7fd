import { expect } from 'chai';
import fc from 'fast-check';
import { parseIni } from '../../../../src/common/config/ini-source.ts';
import { ConfigError } from '../../../../src/common/errors.ts';

function valuesOf(text: string): Record<string, string> {
  const entries = [...parseIni(text, 'x.conf').entries].map(
    ([key, { value }]) => [key, value] as const,
  );
  return Object.fromEntries(entries);
}

describe('parseIni', () => {
  it('reads keys, comments, blank lines, a byte order mark and CRLF', () => {
    const text = '\uFEFF# head\r\n; too\r\n\r\na=1\r\n  b  =  two words  \r\nc=\r\n';
    expect(valuesOf(text)).to.deep.equal({ a: '1', b: 'two words', c: '' });
  });

  it('keeps the line number of each key', () => {
    expect(parseIni('\n\na = 1\n#\nb = 2', 'x.conf').entries.get('b')).to.deep.equal({
      value: '2',
      line: 5,
    });
  });

  it('ends a value at a comment after a space', () => {
    expect(valuesOf('a = 1 ; one\nb = 2\t# two; or # so\nc = ; empty')).to.deep.equal({
      a: '1',
      b: '2',
      c: '',
    });
  });

  it('keeps everything inside quotes, also before a comment', () => {
    expect(valuesOf(`a = "x;y # z" ; note\nb = 'p"q'\nc = "say \\"hi\\""`)).to.deep.equal({
      a: 'x;y # z',
      b: 'p"q',
      c: 'say "hi"',
    });
  });

  it('keeps text that looks like another type as it is written', () => {
    expect(valuesOf(`a = true\nb = null\nc = '1.0'\nd = '{"x":1}'\ne = 007`)).to.deep.equal({
      a: 'true',
      b: 'null',
      c: '1.0',
      d: '{"x":1}',
      e: '007',
    });
  });

  it('keeps an escaped ; or #', () => {
    expect(valuesOf('a = x\\;y\\#z')).to.deep.equal({ a: 'x;y#z' });
  });

  it('keeps what is after the first equals sign', () => {
    expect(valuesOf('a = ab==')).to.deep.equal({ a: 'ab==' });
  });

  it('reads any text back from single quotes', () => {
    const line = fc.string().filter((text) => !/['\r\n]/.test(text));
    fc.assert(
      fc.property(line, (text) => {
        expect(valuesOf(`key = '${text}'`)).to.deep.equal({ key: text });
      }),
    );
  });

  const refused: Record<string, [string, string]> = {
    'a section': ['a = 1\n[part]', "x.conf:2: '[part]' is not a section"],
    'a line without equals sign': ['a', "x.conf:1: the line is not 'key = value'"],
    'a line without key': ['= 1', "x.conf:1: the line is not 'key = value'"],
    'a strange key': ['a b = 1', "x.conf:1: 'a b' is not a key"],
    'an array key': ['a[] = 1', "x.conf:1: 'a[]' is not a key"],
    'a key twice': ['a = 1\n\na = 2', "x.conf:3: key 'a' is already set in line 1"],
    'a comment sign inside a value': ['a = x#y', "the value of 'a' contains"],
    'quotes that do not end': ['a = "x', "the quotes of 'a' do not match"],
    'text after quotes': ['a = "x"y', "the quotes of 'a' do not match"],
  };
  for (const [what, [text, message]] of Object.entries(refused)) {
    it(`refuses ${what}`, () => {
      expect(() => parseIni(text, 'x.conf')).to.throw(ConfigError, message);
    });
  }

  it('takes __proto__ for a key like any other', () => {
    expect([...parseIni('__proto__ = 1', 'x.conf').entries.keys()]).to.deep.equal(['__proto__']);
  });

  it('does not repeat a line that may hold a secret', () => {
    expect(() => parseIni('secretKey abc', 'x.conf'))
      .to.throw(ConfigError)
      .that.satisfies((error: Error) => !error.message.includes('abc'));
  });
});
