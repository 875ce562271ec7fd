import { expect } from 'chai';
import { expectationOf } from '../../../../src/common/config/expectation.ts';
import { choice, flag, integer, text } from '../../../../src/common/config/key-schema.ts';

const description = '';

describe('expectationOf', () => {
  it('puts each kind of key into words', () => {
    const number = integer({ default: 1, minimum: -1, maximum: 3, description });
    expect(expectationOf(number)).to.equal('a whole number from -1 to 3');
    expect(expectationOf(flag({ default: true, description }))).to.equal('true or false');
    expect(expectationOf(text({ default: '', description }))).to.equal('text');
    expect(expectationOf(text({ default: 'a', minLength: 1, description }))).to.equal(
      'text that is not empty',
    );
    const mode = choice(['a', 'b'], { default: 'a', description });
    expect(expectationOf({ ...mode, enum: ['a', 'b'] })).to.equal('one of a, b');
  });
});
