import { expect } from 'chai';
import { QueueHeads } from '../../../../src/lmq/embedded/queue-heads.ts';
import { Random } from '../../../helpers/random.ts';

describe('QueueHeads', () => {
  it('holds what a Map would, whatever the ids are', () => {
    const random = Random.fromEnvironment();
    for (const scale of [1, 2 ** 10, 2 ** 18, 2 ** 33]) {
      const heads = new QueueHeads(0);
      const expected = new Map<number, number>();
      for (let i = 0; i < 5_000; i++) {
        const id = scale * (1 + random.below(4_000)) + (scale === 1 ? 0 : random.below(2));
        const before = heads.set(id, i);
        expect(before, `seed ${String(random.seed)}`).to.equal(expected.get(id) ?? -1);
        expected.set(id, i);
      }
      expect(heads.count).to.equal(expected.size);
      for (const [id, head] of expected) expect(heads.get(id)).to.equal(head);
      expect(heads.get(2 ** 47)).to.equal(-1);
      const listed = new Map<number, number>();
      for (let slot = 0; slot < heads.slots; slot++) {
        if (heads.idAt(slot) !== 0) listed.set(heads.idAt(slot), heads.headAt(slot));
      }
      expect([...listed].sort()).to.deep.equal([...expected].sort());
    }
  });
});
