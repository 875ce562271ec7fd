import { expect } from 'chai';
import { renderDecisionsPage } from '../../../../scripts/docs/decisions-page.ts';

describe('scripts: page of the decisions', () => {
  it('lists them by number, with what became of them', () => {
    const page = renderDecisionsPage(
      new Map([
        ['0871-early.md', '# 871. Marking early\n\nStatus: built, not adopted · 2026-11-23\n'],
        ['0201-defaults.md', '# 0201: two defaults | differ\n\nText.\n\n# 9. Another heading\n'],
        ['0323-journal.md', '# 323. A journal\n\nStatus: accepted (`key`) · 2026-11-22\n'],
      ]),
    );
    expect(page.split('\n').filter((line) => line.startsWith('| '))).to.deep.equal([
      '| number | decision | status |',
      '| --- | --- | --- |',
      '| 201 | [Two defaults \\| differ](0201-defaults.md) | accepted |',
      '| 323 | [A journal](0323-journal.md) | accepted |',
      '| 871 | [Marking early](0871-early.md) | built, not adopted |',
    ]);
  });

  it('refuses one without a number', () => {
    expect(() => renderDecisionsPage(new Map([['x.md', '# Title\n']]))).to.throw('x.md');
  });
});
