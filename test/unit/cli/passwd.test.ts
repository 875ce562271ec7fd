import { expect } from 'chai';
import { chmodSync, chownSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseUsers } from '../../../src/auth/scram/users-text.ts';
import { changeUsers, type PasswdRequest, passwdRequest } from '../../../src/cli/passwd.ts';
import { ConfigError } from '../../../src/common/errors.ts';
import { makeTempDir, removeTempDir } from '../../helpers/temp-dir.ts';

function add(username: string): PasswdRequest {
  return { username, isDeletion: false, iterations: 4096 };
}

describe('passwd', () => {
  let directory: string;
  let path: string;
  beforeEach(async () => {
    directory = await makeTempDir();
    path = join(directory, 'users');
  });
  afterEach(() => removeTempDir(directory));

  it('makes the file, for its owner alone, with neither password nor two equal salts in it', () => {
    expect(changeUsers(path, add('alice'), 'secret')).to.equal("user 'alice' is added");
    changeUsers(path, add('bob'), 'secret');
    const text = readFileSync(path, 'utf8');
    const { users, decoyKey } = parseUsers(text, path);
    expect([...users.keys()]).to.deep.equal(['alice', 'bob']);
    expect(text).to.not.include('secret');
    expect(decoyKey).to.have.length(32);
    expect(users.get('alice')?.salt.equals(users.get('bob')!.salt)).to.equal(false);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(existsSync(`${path}.new`)).to.equal(false);
  });

  it('leaves the file to its owner, in the mode that it has', function () {
    // Only root may give files away.
    if (process.getuid?.() !== 0) this.skip();
    changeUsers(path, add('alice'), 'secret');
    chownSync(path, 12_345, 12_346);
    chmodSync(path, 0o640);
    changeUsers(path, add('bob'), 'secret');
    const { uid, gid, mode } = statSync(path);
    expect([uid, gid, mode & 0o777]).to.deep.equal([12_345, 12_346, 0o640]);
  });

  it('changes and removes a user, and leaves the others and the key as they are', () => {
    changeUsers(path, add('alice'), 'one');
    changeUsers(path, add('bob'), 'two');
    const before = parseUsers(readFileSync(path, 'utf8'), path);
    expect(changeUsers(path, add('alice'), 'three')).to.equal("user 'alice' has another password");
    const removal = { username: 'alice', isDeletion: true, iterations: 4096 };
    const changed = parseUsers(readFileSync(path, 'utf8'), path);
    expect(changed.users.get('alice')).to.not.deep.equal(before.users.get('alice'));
    expect(changed.users.get('bob')).to.deep.equal(before.users.get('bob'));
    expect(changed.decoyKey).to.deep.equal(before.decoyKey);
    expect(changeUsers(path, removal, undefined)).to.equal("user 'alice' is removed");
    expect([...parseUsers(readFileSync(path, 'utf8'), path).users.keys()]).to.deep.equal(['bob']);
    expect(() => changeUsers(path, removal, undefined)).to.throw(ConfigError, "no user 'alice'");
  });

  it('leaves the file as it is when something is wrong', () => {
    changeUsers(path, add('alice'), 'one');
    const text = readFileSync(path, 'utf8');
    expect(() => changeUsers(path, add('bob'), '')).to.throw(ConfigError, 'the password is empty');
    writeFileSync(`${path}.new`, '');
    expect(() => changeUsers(path, add('bob'), 'x')).to.throw(ConfigError, 'another change');
    expect(readFileSync(path, 'utf8')).to.equal(text);
    expect(() => changeUsers(join(directory, 'no', 'users'), add('bob'), 'x')).to.throw(
      ConfigError,
    );
  });

  it('reads its command line', () => {
    expect(passwdRequest(['alice'])).to.deep.equal({ ...add('alice'), iterations: 15_000 });
    expect(passwdRequest(['-i', '5000', 'a b'])).to.deep.equal({ ...add('a b'), iterations: 5000 });
    expect(() => passwdRequest(['-i', 'ten', 'a'])).to.throw(
      ConfigError,
      '-i ten: expected a whole number from 4096 to 10000000',
    );
    expect(passwdRequest(['-d', 'alice'])).to.include({ isDeletion: true });
    for (const args of [
      [],
      ['a', 'secret'],
      ['-x', 'a'],
      ['#a'],
      ['a\nb'],
      ['-i', '100', 'a'],
      ['-i', 'x', 'a'],
      ['-i', '99999999', 'a'],
    ]) {
      expect(() => passwdRequest(args), args.join(' ')).to.throw(ConfigError);
    }
  });
});
