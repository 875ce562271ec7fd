import { expect } from 'chai';
import { choice, flag, integer, port, text } from '../../../../src/common/config/key-schema.ts';

const description = 'd';

describe('key schemas', () => {
  it('are JSON Schema with the annotations of the key', () => {
    const number = integer({ default: 5, minimum: 1, maximum: 9, unit: 'ms', description });
    expect(JSON.parse(JSON.stringify(number))).to.deep.equal({
      type: 'integer',
      default: 5,
      minimum: 1,
      maximum: 9,
      unit: 'ms',
      description,
    });
    expect(flag({ default: false, description })).to.include({ type: 'boolean', default: false });
    expect(text({ default: '', secret: true, description })).to.include({
      type: 'string',
      secret: true,
    });
    expect(choice(['a', 'b'], { default: 'b', description })).to.deep.include({
      enum: ['a', 'b'],
      default: 'b',
    });
    expect(port({ default: 1, description })).to.include({ minimum: 0, maximum: 65535 });
  });
});
