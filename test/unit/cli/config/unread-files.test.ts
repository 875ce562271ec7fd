import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { loadConfig } from '../../../../src/cli/config/load-all.ts';
import { warningsOfUnreadFiles } from '../../../../src/cli/config/unread-files.ts';

describe('warningsOfUnreadFiles', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lmqtt-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function warnings(): readonly string[] {
    return warningsOfUnreadFiles(directory, loadConfig(directory, {}));
  }

  function add(...names: string[]): void {
    for (const name of names) writeFileSync(join(directory, name), '');
  }

  it('names a misspelt file and the nearest one that is read', () => {
    add('connnect.conf', 'connect.conf', 'service.cfg', 'LMQ.conf');
    expect(warnings()).to.deep.equal([
      `${join(directory, 'LMQ.conf')}: nobody reads this file, and no key names it, did you mean 'lmq.conf'?`,
      `${join(directory, 'connnect.conf')}: nobody reads this file, and no key names it, did you mean 'connect.conf'?`,
      `${join(directory, 'service.cfg')}: nobody reads this file, and no key names it, did you mean 'service.conf'?`,
    ]);
  });

  it('names a file that would be read if a key named it, until one does', () => {
    add('acl.conf');
    expect(warnings()).to.deep.equal([
      `${join(directory, 'acl.conf')}: nobody reads this file, and no key names it`,
    ]);
    writeFileSync(join(directory, 'service.conf'), 'aclFile = acl.conf');
    expect(warnings()).to.deep.equal([]);
  });

  it('leaves alone what keys name, and what is no configuration', () => {
    writeFileSync(
      join(directory, 'connect.conf'),
      'sslServerCertFile = tls.conf\nsslServerKeyFile = key.conf',
    );
    add('tls.conf', 'key.conf', 'connect.conf.bak', 'connect.conf~', 'README');
    mkdirSync(join(directory, 'old.conf'));
    expect(warnings()).to.deep.equal([]);
  });

  it('has nothing to say of the shipped files, and of a directory that is not there', () => {
    const shipped = resolve(import.meta.dirname, '../../../../conf');
    expect(warningsOfUnreadFiles(shipped, loadConfig(shipped, {}))).to.deep.equal([]);
    const missing = join(directory, 'missing');
    expect(warningsOfUnreadFiles(missing, loadConfig(missing, {}))).to.deep.equal([]);
  });

  it('says that a directory cannot be looked through, whose files may be readable', () => {
    add('file');
    const [warning, ...others] = warningsOfUnreadFiles(
      join(directory, 'file'),
      loadConfig(directory, {}),
    );
    expect(warning).to.include('cannot be looked through').and.include('ENOTDIR');
    expect(others).to.deep.equal([]);
  });
});
