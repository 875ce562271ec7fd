import { expect } from 'chai';
import { testCitations } from '../../../../scripts/conformance/test-titles.ts';

const ID = '[MQTT' + '-1.5.3-1]';

function titles(source: string): string[] {
  return testCitations('test/wire/a.test.ts', source.replaceAll('ID', ID)).map(
    ({ title }) => title,
  );
}

describe('scripts: the title of a test that cites', () => {
  it('is that of the test, or of the suite', () => {
    expect(titles(`it('works ID', () => {})`)).to.deep.equal(['works']);
    expect(titles(`describe('all of it ID', () => { it('works', () => {}) })`)).to.deep.equal([
      'all of it',
    ]);
  });

  it('has an ellipsis for what a template fills in', () => {
    expect(titles('it(`says ${a} and ${b} ID`, () => {})')).to.deep.equal(['says … and …']);
  });

  it('is that of the test around an expectation', () => {
    const source = `it('works', () => { expect(1, 'ID').to.equal(1) })`;
    expect(titles(source)).to.deep.equal(['works']);
  });

  it('is the label of a table of tests', () => {
    expect(titles(`const cases = [['a byte too many ID', 1], ['fine', 2]];`)).to.deep.equal([
      'a byte too many',
    ]);
    expect(titles(`const cases = { 'a byte too many ID': 1 };`)).to.deep.equal(['a byte too many']);
  });

  it('is not found in a comment, nor in a helper that proves nothing', () => {
    expect(titles(`// ID\n/** ID */\nit('works', () => {})`)).to.deep.equal([]);
  });
});
