import { expect } from 'chai';
import { KeyedSerialQueue } from '../../../../src/gateway/session/keyed-serial-queue.ts';
import { turns } from '../fake-socket.ts';

describe('gateway: KeyedSerialQueue', () => {
  it('runs the tasks of a key one after another, keys beside each other', async () => {
    const queue = new KeyedSerialQueue();
    const log: string[] = [];
    const task = (name: string, wait: number) => async () => {
      log.push(`+${name}`);
      await turns(wait);
      log.push(`-${name}`);
    };
    await Promise.all([
      queue.run('a', task('a1', 5)),
      queue.run('a', task('a2', 1)),
      queue.run('b', task('b1', 1)),
    ]);
    expect(log).to.deep.equal(['+a1', '+b1', '-b1', '-a1', '+a2', '-a2']);
    expect(queue.size).to.equal(0);
  });

  it('begins at once when nothing runs, returns the result and goes on after a failure', async () => {
    const queue = new KeyedSerialQueue();
    let begun = false;
    const first = queue.run('a', () => {
      begun = true;
      return Promise.reject(new Error('first'));
    });
    const second = queue.run('a', () => Promise.resolve(2));
    expect(begun).to.equal(true);
    expect(queue.size).to.equal(1);
    expect(await first.catch((error: unknown) => (error as Error).message)).to.equal('first');
    expect(await second).to.equal(2);
    await turns(1);
    expect(queue.size).to.equal(0);
  });
});
