import { expect } from 'chai';
import fc from 'fast-check';
import { Heap } from '../../../src/common/heap.ts';

function heapOf(numbers: readonly number[]): Heap<{ value: number }> {
  const heap = new Heap<{ value: number }>((a, b) => a.value < b.value);
  for (const value of numbers) heap.push({ value });
  return heap;
}

describe('Heap', () => {
  it('gives its elements in order', () => {
    const property = fc.property(fc.array(fc.integer()), (numbers) => {
      const heap = heapOf(numbers);
      expect(heap.size).to.equal(numbers.length);
      const sorted: number[] = [];
      while (heap.size > 0) sorted.push(heap.shift()!.value);
      expect(sorted).to.deep.equal([...numbers].sort((a, b) => a - b));
      expect(heap.shift()).to.equal(undefined);
    });
    fc.assert(property);
  });

  it('finds the place of a first element that has changed', () => {
    const changes = fc.array(fc.integer(), { minLength: 1 });
    const property = fc.property(changes, changes, (numbers, later) => {
      const heap = heapOf(numbers);
      const model = [...numbers];
      for (const value of later) {
        const least = Math.min(...model);
        expect(heap.first!.value).to.equal(least);
        model[model.indexOf(least)] = value;
        heap.first!.value = value;
        heap.firstChanged();
      }
      expect(heap.first!.value).to.equal(Math.min(...model));
    });
    fc.assert(property);
  });

  it('is empty at first', () => {
    const heap = heapOf([]);
    heap.firstChanged();
    expect(heap.first).to.equal(undefined);
  });
});
