import { expect } from 'chai';
import { citedIn, withoutCitations } from '../../../../scripts/conformance/citation.ts';

// Put together here: this file cites nothing itself.
const cite = (id: string, version = ''): string => `[MQTT${version}-${id}]`;

describe('scripts: a citation', () => {
  it('is of the version of its folder', () => {
    const text = `${cite('3.1.2-6')} and ${cite('3.3.1-5')}`;
    expect(citedIn('test/wire/a.test.ts', text)).to.deep.equal([
      { version: '3.1.1', id: '3.1.2-6' },
      { version: '3.1.1', id: '3.3.1-5' },
    ]);
    expect(citedIn('test/wire5/a.test.ts', text)).to.deep.equal([
      { version: '5.0', id: '3.1.2-6' },
      { version: '5.0', id: '3.3.1-5' },
    ]);
  });

  it('is of 5.0 in a file whose name ends in 5', () => {
    for (const path of ['test/crash/a5.test.ts', 'test/b5.suite.ts', 'src/c5.ts']) {
      expect(citedIn(path, cite('3.1.2-6'))).to.deep.equal([{ version: '5.0', id: '3.1.2-6' }]);
    }
  });

  it('elsewhere is of the version that has it, and of 3.1.1 when both have it', () => {
    const versionOf = (id: string): unknown => citedIn('src/a.ts', cite(id))[0]?.version;
    expect(versionOf('1.5.3-1')).to.equal('3.1.1');
    expect(versionOf('1.5.4-1')).to.equal('5.0');
    expect(versionOf('3.1.2-6')).to.equal('3.1.1');
    expect(versionOf('9.9.9-9')).to.equal('3.1.1');
  });

  it('with a 5 is of 5.0 everywhere', () => {
    for (const path of ['src/a.ts', 'test/wire/a.test.ts', 'test/wire5/a.test.ts']) {
      const cited = citedIn(path, cite('3.1.2-6', '5'));
      expect(cited).to.deep.equal([{ version: '5.0', id: '3.1.2-6' }]);
    }
  });

  it('can be taken out of a title', () => {
    expect(withoutCitations(`is ${cite('1.5.3-1')} seen ${cite('1-1', '5')}`)).to.equal('is seen');
  });
});
