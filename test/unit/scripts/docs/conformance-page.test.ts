import { expect } from 'chai';
import { Coverage } from '../../../../scripts/conformance/coverage.ts';
import { renderConformancePage } from '../../../../scripts/docs/conformance-page.ts';

const ID = '[MQTT' + '-1.5.5-1]';

describe('scripts: docs/mqtt-conformance.md', () => {
  it('has a row for each statement that binds a server: code and tests', () => {
    const coverage = new Coverage();
    coverage.addSource('src/gateway/codec/wire-reader.ts', ID);
    for (const name of ['a', 'b', 'c', 'd']) {
      coverage.addTest(`test/wire5/${name}.test.ts`, `it('refuses a|b ${ID}', () => {})`);
    }
    const page = renderConformancePage(coverage);
    const row = page.split('\n').find((line) => line.startsWith('| 1.5.5-1 |'));
    expect(row).to.equal(
      '| 1.5.5-1 | Variable byte integers are in their shortest form. | ' +
        '[wire-reader](../src/gateway/codec/wire-reader.ts) | ' +
        '[a](../test/wire5/a.test.ts): refuses a\\|b; [b](../test/wire5/b.test.ts): refuses a\\|b; ' +
        '[c](../test/wire5/c.test.ts): refuses a\\|b; 1 more |',
    );
  });

  it('says which have no test, and how many', () => {
    const page = renderConformancePage(new Coverage());
    expect(page).to.include('| 3.1.1 | 141 | 132 | 0 | 132 |');
    expect(page.match(/\*\*none\*\*/g)).to.have.lengthOf(132 + 231);
  });

  it('lists those that do not bind a server apart', () => {
    const [, apart = ''] = renderConformancePage(new Coverage()).split('### Not for a server');
    expect(apart).to.include('| 3.1.2-23 | client |').and.to.include('| 7.0.0-1 | bridge |');
  });
});
