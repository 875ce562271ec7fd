import { expect } from 'chai';
import {
  idsOfSection,
  sections,
  specifications,
} from '../../../../scripts/conformance/specifications.ts';

describe('scripts: the statements of MQTT', () => {
  it('are as many as the appendices list', () => {
    expect(
      specifications.map(({ version, statements }) => [version, statements.size]),
    ).to.deep.equal([
      ['3.1.1', 141],
      ['5.0', 251],
    ]);
  });

  it('have an id of the form x.y.z-n, a summary, and one section each', () => {
    for (const specification of specifications) {
      for (const [id, { summary }] of specification.statements) {
        expect(id).to.match(/^\d\.\d+\.\d-\d+$/);
        expect(summary, id).to.match(/^[^a-z].+\.$/);
        expect(summary.length, id).to.be.below(100);
      }
      const listed = sections.flatMap(([prefix]) => idsOfSection(specification, prefix));
      expect(listed).to.have.members([...specification.statements.keys()]);
    }
  });
});
