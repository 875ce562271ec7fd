import { expect } from 'chai';
import { FlushQueue } from '../../../../src/gateway/connection/flush-queue.ts';
import { turns } from '../fake-socket.ts';

describe('gateway: FlushQueue', () => {
  it('flushes at the end of the turn, in order, once', async () => {
    const queue = new FlushQueue();
    const flushed: string[] = [];
    const add = (name: string) => queue.add({ flush: () => flushed.push(name) });
    add('a');
    add('b');
    expect(flushed).to.deep.equal([]);
    await turns(1);
    expect(flushed).to.deep.equal(['a', 'b']);
    add('c');
    await turns(2);
    expect(flushed).to.deep.equal(['a', 'b', 'c']);
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
