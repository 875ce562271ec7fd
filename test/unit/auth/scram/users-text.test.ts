import { expect } from 'chai';
import { deriveVerifier } from '../../../../src/auth/scram/scram-verifier.ts';
import { formatUsers, parseUsers } from '../../../../src/auth/scram/users-text.ts';
import { ConfigError } from '../../../../src/common/errors.ts';

const verifier = deriveVerifier('x', Buffer.alloc(16, 1), 4096);
const LINE = 'SCRAM-SHA-256$4096:AQEBAQEBAQEBAQEBAQEBAQ==$';

describe('users file of SCRAM', () => {
  it('comes back from its text, colons and blanks in names too, and holds no password', () => {
    const users = new Map([
      ['alice', verifier],
      ['b:SCRAM-SHA-256$ob', verifier],
      ['two words', verifier],
    ]);
    const key = Buffer.alloc(32, 7);
    const text = formatUsers(users, key);
    expect(parseUsers(text, 'f')).to.deep.equal({ users, decoyKey: key });
    expect(text).to.include(`alice:${LINE}`).and.not.include('x:x');
  });

  it('may have comments, empty lines and no key', () => {
    const text = `# mine\r\n\r\n${formatUsers(new Map([['a', verifier]]), Buffer.alloc(1)).split('\n')[2] ?? ''}\r\n`;
    const { users, decoyKey } = parseUsers(text, 'f');
    expect([...users.keys()]).to.deep.equal(['a']);
    expect(decoyKey).to.equal(undefined);
  });

  for (const [what, line] of [
    ['a password', 'alice:secret'],
    ['no name', LINE],
    ['no verifier', 'alice:SCRAM-SHA-256$4096:x'],
  ] as const) {
    it(`is refused with a line with ${what}, which is named but not shown`, () => {
      expect(() => parseUsers(`# x\n${line}\n`, '/etc/users'))
        .to.throw(ConfigError, '/etc/users:2')
        .with.property('message')
        .that.does.not.include('secret');
    });
  }

  it('is refused with a name twice, or one that no client could send', () => {
    const one = formatUsers(new Map([['a', verifier]]), Buffer.alloc(1));
    const line = one.split('\n')[2] ?? '';
    expect(() => parseUsers(`${line}\n${line}`, 'f')).to.throw(
      ConfigError,
      "user 'a' is there twice",
    );
    expect(() => parseUsers(`\u00aa${line}`, 'f')).to.throw(ConfigError, 'SASLprep');
  });
});
