import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { directoriesFrom, ensureDirectory } from '../../../src/cli/directories.ts';
import { ConfigError } from '../../../src/common/errors.ts';

describe('directoriesFrom', () => {
  it('puts everything below the project when nothing is set', () => {
    expect(directoriesFrom({}, '/project')).to.deep.equal({
      conf: '/project/conf',
      data: '/project/data',
      logs: '/project/logs',
      run: '/project/run',
    });
  });

  it('follows LMQTT_HOME, and each variable before it; an empty one is none', () => {
    const environment = { LMQTT_HOME: '/home', LMQTT_DATA_DIR: '/big/data', LMQTT_LOG_DIR: '' };
    expect(directoriesFrom(environment, '/project')).to.deep.equal({
      conf: '/home/conf',
      data: '/big/data',
      logs: '/home/logs',
      run: '/home/run',
    });
  });
});

describe('ensureDirectory', () => {
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'lmqtt-'));
  });
  afterEach(() => {
    rmSync(parent, { recursive: true });
  });

  it('creates what is missing and accepts what is there', () => {
    const path = join(parent, 'a', 'b');
    ensureDirectory(path, 'data directory');
    ensureDirectory(path, 'data directory');
    expect(statSync(path).isDirectory()).to.equal(true);
  });

  it('names the purpose and the directory when it cannot be created', () => {
    const file = join(parent, 'file');
    writeFileSync(file, '');
    const path = join(file, 'data');
    expect(() => {
      ensureDirectory(path, 'data directory');
    }).to.throw(ConfigError, `data directory ${path} cannot be created`);
  });
});
