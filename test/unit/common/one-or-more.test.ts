import { expect } from 'chai';
import fc from 'fast-check';
import {
  excluding,
  includes,
  including,
  type OneOrMore,
  visitEach,
} from '../../../src/common/one-or-more.ts';

interface Thing {
  readonly name: number;
}
const THINGS: readonly Thing[] = [{ name: 0 }, { name: 1 }, { name: 2 }];

function all(held: OneOrMore<Thing> | undefined): Thing[] {
  const things: Thing[] = [];
  visitEach(held, (thing) => things.push(thing));
  return things;
}

describe('OneOrMore', () => {
  it('is what a set would be, in the same order', () => {
    const step = fc.record({ adds: fc.boolean(), which: fc.nat({ max: THINGS.length - 1 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let held: OneOrMore<Thing> | undefined;
        const model = new Set<Thing>();
        for (const { adds, which } of steps) {
          const thing = THINGS[which] as Thing;
          if (adds) {
            held = including(held, thing);
            model.add(thing);
          } else {
            held = excluding(held, thing);
            model.delete(thing);
          }
          expect(all(held)).to.deep.equal([...model]);
          for (const one of THINGS) expect(includes(held, one)).to.equal(model.has(one));
          expect(held === undefined).to.equal(model.size === 0);
        }
      }),
    );
  });

  it('makes no set for one', () => {
    const [one] = THINGS as readonly [Thing];
    expect(including(undefined, one)).to.equal(one);
    expect(including(one, one)).to.equal(one);
  });
});
