import { expect } from 'chai';
import { silentLogger } from '../../../../src/common/logger.ts';
import { Joining } from '../../../../src/lmq/routed/joining.ts';
import { LateLanes } from '../../../../src/lmq/routed/late-lanes.ts';
import { ManualClock } from '../manual-clock.ts';

const turn = () => new Promise(setImmediate);

describe('joining of stores that were away', () => {
  let clock: ManualClock;
  let late: LateLanes;
  let joining: Joining;
  let said: string[];
  /** What reading fails with, once each. */
  let failures: Error[];
  let attach: () => void;
  let giveUp: (error: Error) => void;

  beforeEach(() => {
    clock = new ManualClock();
    late = new LateLanes();
    said = [];
    failures = [];
    joining = new Joining({
      late,
      nameOf: (lane) => `store ${String(lane)}`,
      read: async (lane) => {
        said.push(`read ${String(lane)}`);
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
      },
      alone: async (work) => {
        said.push('alone');
        await work().finally(() => said.push('not alone'));
      },
      clock,
      logger: { ...silentLogger, warn: (fields) => said.push(JSON.stringify(fields)) },
    });
    const attached = new Promise<void>((resolve, reject) => {
      attach = resolve;
      giveUp = reject;
    });
    joining.expect(new Map([[2, attached]]));
    said.length = 0;
  });

  afterEach(() => {
    joining.stop();
  });

  const takeIn = async (lane: number) => {
    said.push(`take in ${String(lane)}, late: ${String(late.has(lane))}`);
  };

  it('waits for the store and for somebody who takes it in, whichever is first', async () => {
    attach();
    await turn();
    expect([said, late.has(2)]).to.deep.equal([[], true]);
    joining.onJoined(takeIn);
    await turn();
    expect(said).to.deep.equal(['alone', 'read 2', 'take in 2, late: true', 'not alone']);
    expect(late.has(2)).to.equal(false);
  });

  it('is tried again after a failure, a second later', async () => {
    failures.push(new Error('gone again'));
    joining.onJoined(takeIn);
    attach();
    await turn();
    expect(said).to.include(JSON.stringify({ store: 'store 2', error: 'gone again' }));
    expect(late.has(2)).to.equal(true);
    said.length = 0;
    clock.advance(999);
    await turn();
    expect(said).to.deep.equal([]);
    clock.advance(1);
    await turn();
    expect(said).to.include('take in 2, late: true');
    expect(late.has(2)).to.equal(false);
  });

  it('never comes of a store that gives up, nor after the end, which nobody waits for', async () => {
    const joined = late.whenJoined([2]);
    joining.onJoined(takeIn);
    giveUp(new Error('refused'));
    await turn();
    joining.stop();
    await joined;
    clock.advance(10_000);
    await turn();
    expect([said, late.has(2)]).to.deep.equal([[], true]);
  });

  it('is over with the end, also between two attempts', async () => {
    failures.push(new Error('gone again'));
    joining.onJoined(takeIn);
    attach();
    await turn();
    joining.stop();
    said.length = 0;
    clock.advance(10_000);
    await turn();
    expect(said).to.deep.equal([]);
  });
});
