import { expect } from 'chai';
import { TurnShares } from '../../../src/common/turn-shares.ts';

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('common: TurnShares', () => {
  it('gives each turn its share, those who asked first before the others', async () => {
    const shares = new TurnShares(10);
    const order: number[] = [];
    const all = Array.from({ length: 7 }, async (_, i) => {
      await shares.take(4);
      order.push(i);
    });
    await Promise.resolve();
    expect(order).to.deep.equal([0, 1, 2]);
    await nextTurn();
    expect(order).to.deep.equal([0, 1, 2, 3, 4, 5]);
    await Promise.all(all);
    expect(order).to.deep.equal([0, 1, 2, 3, 4, 5, 6]);
  });

  it('takes something larger than a share alone', async () => {
    const shares = new TurnShares(10);
    const order: string[] = [];
    const large = shares.take(100).then(() => order.push('large'));
    const small = shares.take(1).then(() => order.push('small'));
    await Promise.resolve();
    await Promise.resolve();
    expect(order).to.deep.equal(['large']);
    await Promise.all([large, small]);
    expect(order).to.deep.equal(['large', 'small']);
  });
});
