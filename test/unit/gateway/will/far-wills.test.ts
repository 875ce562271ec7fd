import { expect } from 'chai';
import { silentLogger } from '../../../../src/common/logger.ts';
import { FarWills } from '../../../../src/gateway/will/far-wills.ts';
import { FakeClock } from '../fake-clock.ts';
import { turns } from '../fake-socket.ts';

describe('gateway: wills in another store than their record', () => {
  let clock: FakeClock;
  let wills: FarWills;
  let forgotten: string[];
  let durable: (isDone?: boolean) => void;
  let fail: (error: Error) => void;

  function publish(clientId: string, name = clientId): void {
    const committed = new Promise<boolean>((resolve, reject) => {
      durable = (isDone = true) => {
        resolve(isDone);
      };
      fail = reject;
    });
    wills.publishing(clientId, committed, () => forgotten.push(name));
  }

  beforeEach(() => {
    clock = new FakeClock();
    wills = new FarWills(clock, silentLogger);
    forgotten = [];
  });

  it('are forgotten when the message is durable, not before', async () => {
    publish('c');
    await turns();
    expect(wills.has('c')).to.equal(true);
    expect(forgotten).to.deep.equal([]);
    durable();
    await wills.settled('c');
    expect(forgotten).to.deep.equal(['c']);
    expect(wills.has('c')).to.equal(false);
  });

  it('are kept when another gateway sees to it', async () => {
    publish('c');
    durable(false);
    await wills.settled('c');
    expect(forgotten).to.deep.equal([]);
    expect(wills.has('c')).to.equal(false);
  });

  it('are kept when the gateway stops before the message is durable', async () => {
    publish('c');
    const stopping = wills.allSettled();
    clock.advance(2000);
    await stopping;
    expect(forgotten).to.deep.equal([]);
  });

  it('are kept when the message cannot be stored', async () => {
    publish('c');
    fail(new Error('fenced'));
    await wills.settled('c');
    expect(forgotten).to.deep.equal([]);
    expect(wills.has('c')).to.equal(false);
  });

  it('whoever waits for one whose store is away does so for two seconds', async () => {
    publish('c');
    let isOver = false;
    const waiting = wills.settled('c').then(() => {
      isOver = true;
    });
    clock.advance(1999);
    await turns();
    expect(isOver).to.equal(false);
    clock.advance(1);
    await waiting;
    expect(forgotten).to.deep.equal(['c']);
    durable();
    await turns();
    expect(forgotten, 'once').to.deep.equal(['c']);
  });

  it('the record of a later one is not taken away for an earlier one', async () => {
    publish('c', 'first');
    const first = durable;
    publish('c', 'second');
    first();
    await turns();
    expect(forgotten).to.deep.equal([]);
    durable();
    await turns();
    expect(forgotten).to.deep.equal(['second']);
  });

  it('all of them are waited for', async () => {
    publish('c');
    const first = durable;
    publish('d');
    let isOver = false;
    const stopping = wills.allSettled().then(() => {
      isOver = true;
    });
    first();
    await turns();
    expect(isOver).to.equal(false);
    durable();
    await stopping;
    expect(forgotten).to.deep.equal(['c', 'd']);
  });

  it('nobody waits when there is none', async () => {
    await wills.settled('c');
    expect(forgotten).to.deep.equal([]);
  });
});
