import { expect } from 'chai';
import { FlushQueue } from '../../../../src/gateway/connection/flush-queue.ts';
import { turns } from '../fake-socket.ts';

describe('gateway: FlushQueue', () => {
  it('flushes at the end of the turn, the last of a few first, once', async () => {
    const queue = new FlushQueue();
    const flushed: string[] = [];
    const add = (name: string) => queue.add({ flush: () => flushed.push(name) });
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
    for (let i = 0; i < 9; i++) queue.add({ flush: () => flushed.push(i) });
    await turns(1);
    expect(flushed).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('leaves what is added within a flush to the next turn', async () => {
    const queue = new FlushQueue();
    const flushed: string[] = [];
    queue.add({
      flush: () => {
        flushed.push('first');
        queue.add({ flush: () => flushed.push('second') });
      },
    });
    await turns(1);
    expect(flushed).to.deep.equal(['first']);
    await turns(2);
    expect(flushed).to.deep.equal(['first', 'second']);
  });
});
