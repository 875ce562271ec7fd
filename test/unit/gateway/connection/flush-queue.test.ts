import { expect } from 'chai';
import { FlushQueue, SEND_MS } from '../../../../src/gateway/connection/flush-queue.ts';
import { FakeClock } from '../fake-clock.ts';
import { turns } from '../fake-socket.ts';

describe('gateway: FlushQueue', () => {
  it('flushes at the end of the turn, the last of a few first, once', async () => {
    const queue = new FlushQueue();
    const flushed: string[] = [];
    const add = (name: string) => queue.add({ outputBytes: 1, flush: () => flushed.push(name) });
    add('a');
    add('b');
    expect(flushed).to.deep.equal([]);
    await turns(1);
    expect(flushed).to.deep.equal(['b', 'a']);
    add('c');
    await turns(2);
    expect(flushed).to.deep.equal(['b', 'a', 'c']);
  });

  it('flushes many in order', async () => {
    const queue = new FlushQueue();
    const flushed: number[] = [];
    for (let i = 0; i < 9; i++) queue.add({ outputBytes: 1, flush: () => flushed.push(i) });
    await turns(1);
    expect(flushed).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('leaves what is added within a flush to the next turn', async () => {
    const queue = new FlushQueue();
    const flushed: string[] = [];
    queue.add({
      outputBytes: 1,
      flush: () => {
        queue.add({ outputBytes: 1, flush: () => flushed.push('second') });
        return flushed.push('first');
      },
    });
    await turns(1);
    expect(flushed).to.deep.equal(['first']);
    await turns(2);
    expect(flushed).to.deep.equal(['first', 'second']);
  });

  describe('when sending takes long', () => {
    /** As many bytes as there are between two looks at the clock. */
    const MUCH = 256 * 1024;

    function slow(ms: number, bytes = MUCH) {
      const clock = new FakeClock();
      const queue = new FlushQueue(clock);
      const flushed: number[] = [];
      const add = (i: number, outputBytes = bytes): void => {
        queue.add({
          outputBytes,
          flush: () => {
            flushed.push(i);
            clock.advance(ms);
            return outputBytes;
          },
        });
      };
      return { queue, flushed, add };
    }

    it('sends the rest in the next turns, in order, each once', async () => {
      const { flushed, add } = slow(SEND_MS / 4);
      const all = Array.from({ length: 20 }, (_, i) => i);
      for (const i of all) add(i);
      await turns(1);
      expect(flushed).to.deep.equal(all.slice(0, 4));
      await turns(1);
      expect(flushed).to.deep.equal(all.slice(0, 8));
      await turns(4);
      expect([...flushed].sort((a, b) => a - b)).to.deep.equal(all);
    });

    it('sends what is added meanwhile behind it', async () => {
      const { flushed, add } = slow(SEND_MS / 4);
      for (let i = 0; i < 20; i++) add(i);
      await turns(1);
      add(20);
      await turns(1);
      expect(flushed).to.have.length(8);
      await turns(5);
      expect([...flushed].sort((a, b) => a - b)).to.deep.equal(
        Array.from({ length: 21 }, (_, i) => i),
      );
    });

    it('sends little to each of many in one turn, however long that takes', async () => {
      const { flushed, add } = slow(SEND_MS, MUCH / 1024);
      for (let i = 0; i < 500; i++) add(i);
      await turns(1);
      expect(flushed).to.have.length(500);
    });

    it('does not put off little to some behind much to others', async () => {
      const { flushed, add } = slow(SEND_MS);
      for (let i = 0; i < 20; i++) add(i, i % 2 === 0 ? MUCH : 100);
      await turns(1);
      expect(flushed).to.deep.equal([0, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
      await turns(20);
      expect(flushed.slice(11).sort((a, b) => a - b)).to.deep.equal([
        2, 4, 6, 8, 10, 12, 14, 16, 18,
      ]);
    });

    it('keeps what a flush adds', async () => {
      const { queue, flushed, add } = slow(SEND_MS);
      queue.add({
        outputBytes: 0,
        flush: () => {
          add(100);
          return 0;
        },
      });
      for (let i = 0; i < 9; i++) add(i);
      await turns(10);
      expect([...flushed].sort((a, b) => a - b)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 100]);
    });
  });
});
