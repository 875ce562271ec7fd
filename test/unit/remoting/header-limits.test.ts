import { expect } from 'chai';
import { decodeFrame, encodeFrame } from '../../../src/remoting/frame.ts';
import { hasMoreJsonTokens, MAX_EXT_FIELDS } from '../../../src/remoting/header-limits.ts';
import { SerializeType } from '../../../src/remoting/remoting-command.ts';
import { RemotingProtocolError } from '../../../src/remoting/remoting-error.ts';
import { aCommand } from './remoting-fixtures.ts';

function withFields(serializeType: SerializeType, count: number): Buffer {
  const extFields = new Map<string, string>();
  for (let i = 0; i < count; i++) extFields.set(String(i), ',"[{\\');
  return encodeFrame(aCommand({ serializeType, extFields }));
}

describe('header limits', () => {
  for (const [name, type] of Object.entries(SerializeType)) {
    it(`allow ${String(MAX_EXT_FIELDS)} ext fields in a ${name} header`, () => {
      const command = decodeFrame(withFields(type, MAX_EXT_FIELDS));
      expect(command.extFields.size).to.equal(MAX_EXT_FIELDS);
    });

    it(`refuse a ${name} header with very many`, () => {
      const frame = withFields(type, 4 * MAX_EXT_FIELDS);
      expect(() => decodeFrame(frame)).to.throw(RemotingProtocolError, 'too many fields');
    });
  }

  it('count strings, brackets and commas, and not what is inside strings', () => {
    const text = Buffer.from('{"a":",[{\\"\\\\","b":[1,2]}');
    expect(hasMoreJsonTokens(text, 7)).to.equal(false);
    expect(hasMoreJsonTokens(text, 6)).to.equal(true);
  });

  it('take a string without end as it is', () => {
    expect(hasMoreJsonTokens(Buffer.from('{"a\\'), 2)).to.equal(false);
  });

  it('do not depend on the length of a value', () => {
    const text = Buffer.from(JSON.stringify({ value: '{"a":[1,2,3]}'.repeat(100_000) }));
    expect(hasMoreJsonTokens(text, 3)).to.equal(false);
  });
});
