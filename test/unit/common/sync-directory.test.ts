import { join } from 'node:path';
import { expect } from 'chai';
import { syncDirectory } from '../../../src/common/sync-directory.ts';
import { rejection } from '../../conformance/lmq-store/harness.ts';
import { makeTempDir, removeTempDir } from '../../helpers/temp-dir.ts';

describe('syncDirectory', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await makeTempDir();
  });

  afterEach(async () => {
    await removeTempDir(directory);
  });

  it('ends when the directory is durable', async () => {
    await syncDirectory(directory);
  });

  it('rejects for one that is not there', async () => {
    const error = await rejection(syncDirectory(join(directory, 'none')));
    expect(error).to.include({ code: 'ENOENT' });
  });
});
