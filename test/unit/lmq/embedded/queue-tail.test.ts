import { expect } from 'chai';
import fc from 'fast-check';
import { QueueTail } from '../../../../src/lmq/embedded/queue-tail.ts';

interface Item {
  readonly firstOffset: number;
  readonly count: number;
}

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 30 }) }) },
    { weight: 2, arbitrary: fc.record({ drop: fc.integer({ min: 1, max: 30 }) }) },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
  ),
  { maxLength: 60 },
);

describe('QueueTail', () => {
  it('finds what a list of the segments has, wherever readers are and however it grows and shrinks', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.nat(), { minLength: 8, maxLength: 8 }), (script, places) => {
        const tail = new QueueTail<Item>();
        let model: Item[] = [];
        let end = 0;
        for (const step of script) {
          if (step === 'clear') {
            tail.clearTail();
            model = [];
          } else if ('add' in step) {
            for (let i = 0; i < step.add; i++) {
              const segment = { firstOffset: end, count: 1 + ((end + i) % 3) };
              tail.pushTail(segment);
              model.push(segment);
              end += segment.count;
            }
          } else {
            for (let i = 0; i < step.drop; i++) tail.shiftTail();
            model = model.slice(step.drop);
          }
          const first = model[0]?.firstOffset ?? end;
          const some = places.map((place) => place % (end + 1));
          for (const offset of [first - 1, first, first + 1, end - 1, end, ...some]) {
            const expected = model.find(
              ({ firstOffset, count }) => offset >= firstOffset && offset < firstOffset + count,
            );
            expect(tail.findTail(offset), String(offset)).to.equal(expected);
          }
        }
      }),
    );
  });
});
