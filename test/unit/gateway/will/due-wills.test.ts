import { expect } from 'chai';
import { silentLogger } from '../../../../src/common/logger.ts';
import { DueWills } from '../../../../src/gateway/will/due-wills.ts';
import type { StoredWill } from '../../../../src/gateway/will/will-record.ts';
import { RpcError, RpcStatus } from '../../../../src/rpc/rpc-status.ts';
import { failureOf } from '../../../helpers/failure-of.ts';
import { FakeClock } from '../fake-clock.ts';
import { turns } from '../fake-socket.ts';
import { unavailable, will5 } from './will-samples.ts';

const WILL: StoredWill = { ...will5(10), sessionExpirySeconds: 60, dueAt: 1 };

interface Read {
  readonly resolve: (will: StoredWill | undefined) => void;
  readonly reject: (error: Error) => void;
}

describe('gateway: wills whose delay is over', () => {
  let clock: FakeClock;
  let wills: DueWills;
  let published: string[];
  let again: [string, number][];
  /** Reads that have no answer yet. */
  let reads: Read[];
  let refusal: Error | undefined;

  beforeEach(() => {
    clock = new FakeClock();
    published = [];
    again = [];
    reads = [];
    refusal = undefined;
    wills = new DueWills({
      stored: {
        get: () =>
          new Promise((resolve, reject) => {
            reads.push({ resolve, reject });
          }),
      },
      clock,
      logger: silentLogger,
      publish: (clientId) => {
        if (refusal !== undefined) throw refusal;
        published.push(clientId);
      },
      again: (clientId, at) => again.push([clientId, at]),
    });
  });

  it('are published when they have been read, which a client that comes back can wait for', async () => {
    wills.add('c');
    const ended = wills.ended('c');
    expect([wills.has('c'), wills.has('d'), wills.ended('d')]).to.deep.equal([
      true,
      false,
      undefined,
    ]);
    await turns(2);
    expect(published).to.deep.equal([]);
    reads[0]!.resolve(WILL);
    await ended;
    expect(published).to.deep.equal(['c']);
    await turns(1);
    expect([wills.has('c'), wills.ended('c')]).to.deep.equal([false, undefined]);
  });

  it('are not published when there is none any more, or it is somebody else’s by then', async () => {
    wills.add('none');
    wills.add('taken');
    wills.delete('taken');
    reads[0]!.resolve(undefined);
    reads[1]!.resolve(WILL);
    await turns(2);
    expect(published).to.deep.equal([]);
    expect(wills.has('none')).to.equal(false);
  });

  it('are published once, however many read them', async () => {
    wills.add('c');
    const second = wills.publish('c');
    reads[1]!.resolve(WILL);
    await second;
    reads[0]!.resolve(WILL);
    await turns(2);
    expect(published).to.deep.equal(['c']);
  });

  it('are asked for again a second later when the store is away, and for nothing else', async () => {
    wills.add('away');
    wills.add('corrupt');
    wills.add('taken');
    wills.add('called');
    wills.delete('taken');
    reads[0]!.reject(unavailable());
    reads[1]!.reject(new Error('a record that is none'));
    reads[2]!.reject(unavailable());
    reads[3]!.reject(new RpcError(RpcStatus.UNAVAILABLE, 'no answer'));
    await turns(2);
    expect(again).to.deep.equal([
      ['away', clock.now() + 1_000],
      ['called', clock.now() + 1_000],
    ]);
    expect([wills.has('away'), wills.has('corrupt')]).to.deep.equal([false, false]);
  });

  it('are not asked for again when publishing has failed, or the process has stopped', async () => {
    refusal = unavailable();
    wills.add('failed');
    reads[0]!.resolve(WILL);
    await turns(2);
    wills.add('late');
    wills.stop();
    reads[1]!.reject(unavailable());
    await turns(2);
    expect(again).to.deep.equal([]);
  });

  it('of a client that is back tell it why they could not be published, and are asked for again', async () => {
    const publishing = wills.publish('c');
    const error = unavailable();
    reads[0]!.reject(error);
    expect(await failureOf(publishing)).to.equal(error);
    expect(again).to.deep.equal([['c', clock.now() + 1_000]]);
    expect(wills.has('c')).to.equal(false);
  });
});
