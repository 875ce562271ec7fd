import { expect } from 'chai';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing, unlessMissing } from '../../../src/common/is-missing.ts';
import { failureOf } from '../../helpers/failure-of.ts';

describe('common: isMissing', () => {
  it('knows what the system says of a file that is not there', async () => {
    const missing = join(import.meta.dirname, 'no-such-file');
    expect(isMissing(await failureOf(stat(missing)))).to.equal(true);
    expect(await unlessMissing(stat(missing))).to.equal(undefined);
  });

  it('takes no other failure for it', async () => {
    const below = join(import.meta.filename, 'below-a-file');
    const failure = await failureOf(unlessMissing(stat(below)));
    expect(failure).to.have.property('code', 'ENOTDIR');
    expect(isMissing(failure)).to.equal(false);
    expect(isMissing('ENOENT')).to.equal(false);
  });

  it('hands on what there is', async () => {
    const facts = await unlessMissing(stat(import.meta.filename));
    expect(facts?.isFile()).to.equal(true);
  });
});
