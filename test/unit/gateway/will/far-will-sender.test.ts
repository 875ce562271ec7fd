import { expect } from 'chai';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { FarWillSender } from '../../../../src/gateway/will/far-will-sender.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { failureOf } from '../../../helpers/failure-of.ts';
import { FakeClock } from '../fake-clock.ts';
import { turns } from '../fake-socket.ts';
import { LaneMember } from '../lanes/lane-member.ts';
import { LaneStores } from '../lanes/lane-stores.ts';
import { unavailable } from './will-samples.ts';

/** Its home is store 0. */
const CLIENT = 'client0';
/** Lies in store 1. */
const TOPIC = 'w/1';

describe('gateway: FarWillSender', () => {
  let clock: FakeClock;
  let stores: LaneStores;
  let sender: FarWillSender;
  /** What the home says to the next reads, one each. */
  let failures: Error[];
  let published: number;

  beforeEach(() => {
    clock = new FakeClock();
    stores = new LaneStores([0, 1].map((lane) => new LaneMember(createMemoryStore(), lane)));
    sender = new FarWillSender(stores, clock);
    failures = [];
    published = 0;
    const home = stores.member(0);
    const getState = home.getState.bind(home);
    home.getState = (space, key) => {
      const failure = failures.shift();
      return failure === undefined ? getState(space, key) : Promise.reject(failure);
    };
  });

  const send = (): Promise<boolean> =>
    sender.send(CLIENT, TOPIC, () => {
      published++;
      return stores.member(1).putState(StateSpace.RETAINED, TOPIC, Buffer.from('will'));
    }).done;

  for (const [what, failure] of [
    ['is away', unavailable()],
    [
      'has too many requests already',
      new StoreError(ErrorCode.STORE_LIMIT, 'too many requests wait for the store', {
        retryable: true,
      }),
    ],
  ] as const) {
    it(`writes a will a second later when the store ${what}`, async () => {
      failures.push(failure, failure);
      const done = send();
      for (let second = 0; second < 2; second++) {
        await turns(3);
        expect([published, clock.pendingTimers]).to.deep.equal([0, 1]);
        clock.advance(1_000);
      }
      expect(await done).to.equal(true);
      expect(published).to.equal(1);
    });
  }

  it('fails with what does not pass', async () => {
    const failure = new StoreError(ErrorCode.STORE_CORRUPT, 'no such record');
    failures.push(failure);
    expect(await failureOf(send())).to.equal(failure);
    expect([published, clock.pendingTimers]).to.deep.equal([0, 0]);
  });
});
