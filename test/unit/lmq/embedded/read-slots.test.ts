import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { ReadSlots } from '../../../../src/lmq/embedded/read-slots.ts';

/** Collects what nobody holds, as `node --expose-gc` would let us. */
function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

describe('ReadSlots', () => {
  it('lets so many run at once, and the others in the order in which they came', async () => {
    const slots = new ReadSlots(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const read = (number: number): Promise<void> =>
      slots.run(() => {
        begun.push(number);
        return new Promise((resolve) => ends.push(resolve));
      });
    const all = [0, 1, 2, 3, 4].map(read);
    for (let ended = 0; ended < 5; ended++) {
      await new Promise(setImmediate);
      expect(begun).to.deep.equal([0, 1, 2, 3, 4].slice(0, ended + 2));
      ends[ended]?.();
    }
    await Promise.all(all);
    expect(await slots.run(() => Promise.resolve('free again'))).to.equal('free again');
  });

  it('gives a slot on after a failure', async () => {
    const slots = new ReadSlots(1);
    const failing = slots.run(() => Promise.reject(new Error('damaged')));
    const next = slots.run(() => Promise.resolve('read'));
    expect(await failing.catch((error: unknown) => (error as Error).message)).to.equal('damaged');
    expect(await next).to.equal('read');
  });

  it('keeps nothing of those that had their turn, though some wait all the time', async () => {
    const slots = new ReadSlots(2);
    const reader = async (reads: number): Promise<void> => {
      for (let i = 0; i < reads; i++) await slots.run(() => Promise.resolve());
    };
    await reader(1000);
    collect();
    const before = process.memoryUsage().heapUsed;
    // The others still wait when one is done: the line has never been empty.
    const others = Array.from({ length: 9 }, () => reader(5_000));
    await reader(4_500);
    collect();
    const kept = process.memoryUsage().heapUsed - before;
    expect(kept, 'bytes after 40,000 reads').to.be.below(2 * 1024 * 1024);
    await Promise.all(others);
  }).timeout(30_000);
});
