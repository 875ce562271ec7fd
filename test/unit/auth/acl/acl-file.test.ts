import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import sinon from 'sinon';
import { AclFile } from '../../../../src/auth/acl/acl-file.ts';
import type { Principal } from '../../../../src/auth/types.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { FakeClock } from '../../gateway/fake-clock.ts';

const who: Principal = { clientId: 'c', username: undefined };

describe('access control list: file', () => {
  let directory: string;
  let file: string;
  let clock: FakeClock;
  let error: sinon.SinonSpy;
  let acl: AclFile;

  beforeEach(async () => {
    directory = await makeTempDir();
    file = join(directory, 'acl.conf');
    clock = new FakeClock();
    error = sinon.spy();
    const logger = { ...silentLogger, error };
    acl = new AclFile({ file, reloadIntervalMs: 5000, clock, logger });
    await writeFile(file, 'topic readwrite a\n');
  });

  afterEach(async () => {
    await acl.stop();
    await removeTempDir(directory);
  });

  const publishes = (topic: string): boolean => acl.authorize(who, 'PUBLISH', topic);

  it('allows nothing before it is read', () => {
    expect(publishes('a')).to.equal(false);
  });

  it('reads the file at the start', async () => {
    await acl.start();
    expect(publishes('a')).to.equal(true);
    expect(acl.mayReceive(who, 'a')).to.equal(true);
    expect(acl.mayReceive(who, 'b')).to.equal(false);
    expect(acl.authorize(who, 'SUBSCRIBE', '+')).to.equal(true);
    expect(acl.authorize(who, 'SUBSCRIBE', '+', true)).to.equal(false);
  });

  it('does not start without the file, or with a wrong line in it', async () => {
    await writeFile(file, 'topic a\nnonsense\n');
    await rejected(`aclFile ${file}: line 2`);
    await rm(file);
    await rejected(`aclFile ${file}: cannot be read`);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('takes up a change, tells it once, and what is allowed is asked anew', async () => {
    await acl.start();
    const listener = sinon.spy();
    acl.onChange(listener);
    await acl.reload();
    expect(listener.callCount).to.equal(0);
    await writeFile(file, 'topic readwrite b\n');
    await acl.reload();
    expect(listener.callCount).to.equal(1);
    expect(publishes('a')).to.equal(false);
    expect(publishes('b')).to.equal(true);
    expect(acl.mayReceive(who, 'a')).to.equal(false);
  });

  it('looks at the file on its own, until it stops', async () => {
    await acl.start();
    await writeFile(file, 'topic readwrite b\n');
    const changed = new Promise<void>((resolve) => {
      acl.onChange(resolve);
    });
    clock.advance(5000);
    await changed;
    expect(publishes('b')).to.equal(true);
    await acl.stop();
    expect(clock.pendingTimers).to.equal(0);
  });

  it('keeps the rules when the new file is wrong or has gone, and says so once', async () => {
    await acl.start();
    await writeFile(file, 'nonsense\n');
    await acl.reload();
    await acl.reload();
    expect(error.callCount).to.equal(1);
    await rm(file);
    await acl.reload();
    expect(error.callCount).to.equal(2);
    expect(publishes('a')).to.equal(true);
  });

  async function rejected(message: string): Promise<void> {
    const failure = await acl.start().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(failure).to.be.instanceOf(Error).with.property('message').that.contains(message);
  }
});
