import { expect } from 'chai';
import { closingLine, outcomeOf } from '../../../../scripts/tests/closing-line.ts';

describe('closing line of the tests', () => {
  it('is read from the last line of a run', () => {
    const output = '  3 passing (2s)\n\n3 passed, 1 failed, 2 skipped\n';
    expect(outcomeOf(output)).to.deep.equal({ passed: 3, failed: 1, skipped: 2 });
    expect(outcomeOf('12 passed, 0 failed\n')).to.deep.equal({ passed: 12, failed: 0, skipped: 0 });
  });

  it('is not found in a run that broke off', () => {
    expect(outcomeOf('')).to.equal(undefined);
    expect(outcomeOf('3 passed, 1 failed\nSegmentation fault\n')).to.equal(undefined);
  });

  it('adds up the runs', () => {
    const first = { passed: 3, failed: 1, skipped: 0 };
    expect(closingLine([first, { passed: 4, failed: 0, skipped: 0 }])).to.equal(
      '7 passed, 1 failed',
    );
    expect(closingLine([first, { passed: 4, failed: 0, skipped: 2 }])).to.equal(
      '7 passed, 1 failed, 2 skipped',
    );
  });
});
