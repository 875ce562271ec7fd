import { expect } from 'chai';
import fs, { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import sinon from 'sinon';
import { ScramUsers } from '../../../../src/auth/scram/scram-users.ts';
import { deriveVerifier, type ScramVerifier } from '../../../../src/auth/scram/scram-verifier.ts';
import { formatUsers } from '../../../../src/auth/scram/users-text.ts';
import { ConfigError } from '../../../../src/common/errors.ts';
import { type Logger, silentLogger } from '../../../../src/common/logger.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { FakeClock } from '../../gateway/fake-clock.ts';

const alice = deriveVerifier('a', Buffer.alloc(16, 1), 4096);
const bob = deriveVerifier('b', Buffer.alloc(16, 2), 5000);
const KEY = Buffer.alloc(32, 9);

describe('ScramUsers', () => {
  let directory: string;
  let path: string;
  let users: ScramUsers;
  let clock: FakeClock;
  let errors: number;

  async function write(...list: readonly (readonly [string, ScramVerifier])[]): Promise<void> {
    await writeFile(`${path}.new`, formatUsers(new Map(list), KEY));
    await rename(`${path}.new`, path);
  }

  function make(): ScramUsers {
    const logger: Logger = { ...silentLogger, error: () => errors++ };
    return new ScramUsers({ path, clock, logger });
  }

  beforeEach(async () => {
    directory = await makeTempDir();
    path = join(directory, 'users');
    clock = new FakeClock();
    errors = 0;
    users = make();
  });
  afterEach(async () => {
    sinon.restore();
    syncBuiltinESMExports();
    await users.stop();
    await removeTempDir(directory);
  });

  it('knows who is in the file, and takes a change up without a restart', async () => {
    await write(['alice', alice]);
    await users.start();
    expect(users.verifierOf('alice')).to.deep.equal(alice);
    await write(['alice', bob], ['bob', bob]);
    clock.advance(2000);
    await eventually('bob', () => users.verifierOf('bob').iterations === 5000);
    expect(users.verifierOf('alice')).to.deep.equal(bob);
  });

  it('keeps the users of a file that is broken or has gone, and says so once', async () => {
    await write(['alice', alice]);
    await users.start();
    await writeFile(path, 'broken');
    clock.advance(2000);
    await eventually('an error', () => errors === 1);
    await rm(path);
    clock.advance(2000);
    await eventually('another error', () => errors === 2);
    for (let i = 0; i < 3; i++) {
      clock.advance(2000);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(errors).to.equal(2);
    expect(users.verifierOf('alice')).to.deep.equal(alice);
    await write(['bob', bob]);
    clock.advance(2000);
    await eventually('bob', () => users.verifierOf('bob').salt.equals(bob.salt));
  });

  it('takes a change up when it can be read again, though the file is as it was then', async () => {
    await write(['alice', alice]);
    await users.start();
    await write(['bob', bob]);
    const failed = sinon.stub(fs, 'readFile').rejects(new Error('EMFILE: too many open files'));
    syncBuiltinESMExports();
    clock.advance(2000);
    await eventually('an error', () => errors === 1);
    clock.advance(2000);
    await eventually('another try', () => failed.callCount === 2);
    expect(errors).to.equal(1);
    failed.restore();
    syncBuiltinESMExports();
    await eventually('bob', () => {
      clock.advance(2000);
      return users.verifierOf('bob').salt.equals(bob.salt);
    });
  });

  it('says once that the place of the file cannot be looked at', async () => {
    const inner = join(directory, 'inner');
    await mkdir(inner);
    path = join(inner, 'users');
    users = make();
    await write(['alice', alice]);
    await users.start();
    await rename(inner, `${inner}.away`);
    await writeFile(inner, 'no directory');
    for (let i = 0; i < 3; i++) {
      clock.advance(2000);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(errors).to.equal(1);
  });

  it('does not start without its file, or with a wrong one', async () => {
    const failure = async (): Promise<unknown> =>
      users.start().then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(await failure()).to.be.instanceOf(ConfigError);
    await writeFile(path, 'broken');
    expect(await failure())
      .to.be.instanceOf(ConfigError)
      .with.property('message')
      .that.includes(':1');
  });

  it('makes up a verifier like that of a user for one who does not exist: always the same, after a restart too', async () => {
    await write(['alice', alice], ['bob', bob]);
    await users.start();
    const other = make();
    await other.start();
    await other.stop();
    const iterations = new Set<number>();
    for (let i = 0; i < 50; i++) {
      const name = `nobody${String(i)}`;
      const decoy = users.verifierOf(name);
      expect(users.verifierOf(name)).to.deep.equal(decoy);
      expect(other.verifierOf(name)).to.deep.equal(decoy);
      expect(decoy.salt).to.have.length(16);
      expect(decoy.storedKey).to.have.length(32);
      iterations.add(decoy.iterations);
    }
    expect([...iterations]).to.have.members([4096, 5000]);
    expect(users.verifierOf('a').salt.equals(users.verifierOf('b').salt)).to.equal(false);
  });
});
