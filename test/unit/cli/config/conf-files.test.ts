import { Ajv } from 'ajv';
import { expect } from 'chai';
import { confFiles } from '../../../../src/cli/config/conf-files.ts';
import { environmentName } from '../../../../src/common/config/conf-spec.ts';

const ajv = new Ajv({ keywords: ['unit', 'secret'] });

for (const spec of confFiles) {
  describe(`${spec.name}.conf`, () => {
    for (const [key, schema] of Object.entries(spec.keys)) {
      it(`${key} has a meaning and a default that its own schema accepts`, () => {
        expect(schema.description).to.match(/\.$/);
        expect(ajv.validate(schema, schema.default), ajv.errorsText()).to.equal(true);
      });
    }

    it('lists no key both as there and as gone', () => {
      const both = Object.keys(spec.retired).filter((key) => Object.hasOwn(spec.keys, key));
      expect(both).to.deep.equal([]);
    });
  });
}

describe('configuration variables', () => {
  it('are different for different keys', () => {
    const names = confFiles.flatMap((spec) =>
      Object.keys(spec.keys).map((key) => environmentName(spec.name, key)),
    );
    expect(new Set(names).size).to.equal(names.length);
  });
});
