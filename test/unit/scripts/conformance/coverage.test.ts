import { expect } from 'chai';
import { join } from 'node:path';
import { Coverage, readCoverage } from '../../../../scripts/conformance/coverage.ts';
import { specifications } from '../../../../scripts/conformance/specifications.ts';
import { bindsServer } from '../../../../scripts/conformance/statement.ts';

const ROOT = join(import.meta.dirname, '../../../..');
// Put together here: this file cites nothing itself.
const cite = (id: string): string => `[MQTT` + `-${id}]`;

function test(title: string): string {
  return `it('${title}', () => {})`;
}

describe('scripts: conformance coverage', () => {
  it('knows where a statement is named and tested, wire tests first', () => {
    const coverage = new Coverage();
    coverage.addSource('src/a.ts', `/** ${cite('1.5.3-1')} ${cite('1.5.3-1')} */`);
    coverage.addTest('test/unit/a.test.ts', test(`unit ${cite('1.5.3-1')}`));
    coverage.addTest('test/wire/a.test.ts', test(`wire ${cite('1.5.3-1')}`).repeat(2));
    expect(coverage.sourceOf('3.1.1', '1.5.3-1')).to.deep.equal(['src/a.ts']);
    expect(coverage.testsOf('3.1.1', '1.5.3-1')).to.deep.equal([
      { path: 'test/wire/a.test.ts', title: 'wire' },
      { path: 'test/unit/a.test.ts', title: 'unit' },
    ]);
    expect(coverage.testsOf('5.0', '1.5.4-1')).to.deep.equal([]);
  });

  it('finds statements that do not exist, in src and in tests', () => {
    const coverage = new Coverage();
    coverage.addSource('src/a.ts', cite('1.5.3-9'));
    coverage.addTest('test/wire5/a.test.ts', test(cite('1.5.3-1')));
    const problems = coverage.problems().filter((problem) => problem.includes('cites'));
    expect(problems).to.deep.equal([
      `src/a.ts cites ${cite('1.5.3-9')}, which MQTT 3.1.1 does not have`,
      `test/wire5/a.test.ts cites ${cite('1.5.3-1')}, which MQTT 5.0 does not have`,
    ]);
  });

  it('finds statements that bind a server and have no test, and no others', () => {
    const missing = new Coverage().problems();
    const binding = specifications.flatMap(({ statements }) =>
      [...statements.values()].filter(bindsServer),
    );
    expect(missing).to.have.lengthOf(binding.length);
    expect(missing.join('\n')).to.not.include('PINGREQ where nothing else');
    const coverage = new Coverage();
    coverage.addTest('test/wire5/a.test.ts', test(cite('1.5.5-1')));
    expect(coverage.problems()).to.have.lengthOf(binding.length - 1);
  });

  it('of this project has no problem', () => {
    expect(readCoverage(ROOT).problems()).to.deep.equal([]);
  });
});
