import { expect } from 'chai';
import { InflightRuns } from '../../../../src/gateway/session/inflight-runs.ts';

type Added = readonly [
  packetId: number,
  kind: number,
  queue: number,
  offset: number,
  count: number,
];

function bytesOf(runs: InflightRuns): string {
  const target = Buffer.alloc(runs.mostBytes);
  return target.toString('hex', 0, runs.write(target, 0));
}

function add(runs: InflightRuns, ...list: readonly Added[]): InflightRuns {
  for (const added of list) runs.add(...added);
  return runs;
}

describe('gateway: InflightRuns', () => {
  it('begins anew when it is cleared, also with what would have gone on with the run before', () => {
    const runs = add(new InflightRuns(), [5, 1, 0, 100, 3]);
    bytesOf(runs);
    runs.clear();
    expect([runs.count, bytesOf(runs)]).to.deep.equal([0, '']);
    const next: Added = [8, 1, 0, 103, 2];
    add(runs, next);
    expect(runs.count).to.equal(2);
    expect(bytesOf(runs)).to.equal(bytesOf(add(new InflightRuns(), next)));
  });

  it('writes what follows in everything as one run, however it was added', () => {
    const whole = add(new InflightRuns(), [65_534, 1, 2, 7, 4]);
    const parts = add(
      new InflightRuns(),
      [65_534, 1, 2, 7, 1],
      [65_535, 1, 2, 8, 2],
      [2, 1, 2, 10, 1],
    );
    expect(bytesOf(parts)).to.equal(bytesOf(whole));
    for (const other of [
      [3, 1, 2, 9, 1],
      [2, 0, 2, 9, 1],
      [2, 1, 1, 9, 1],
      [2, 1, 2, 10, 1],
    ] as const) {
      const runs = add(new InflightRuns(), [1, 1, 2, 8, 1], other);
      expect(bytesOf(runs), other.join()).to.not.equal(
        bytesOf(add(new InflightRuns(), [1, 1, 2, 8, 2])),
      );
    }
  });

  it('has room for as many runs of the longest form as are added, and says so', () => {
    const runs = new InflightRuns();
    let packetId = 1;
    for (let i = 0; i < 2000; i++) {
      // Gap, other queue, far offset, length: all that a run can have, none of it short.
      runs.add(packetId, i % 3, 10_000 + i, i % 2 === 0 ? 2 ** 47 : 2 ** 46, 20_000);
      packetId = ((packetId + 50_000) % 65_535) + 1;
    }
    const target = Buffer.alloc(runs.mostBytes + 1, 0xaa);
    const end = runs.write(target, 0);
    expect(end).to.be.at.most(runs.mostBytes);
    expect(target[runs.mostBytes]).to.equal(0xaa);
    runs.clear();
    expect(bytesOf(add(runs, [1, 1, 0, 0, 1]))).to.equal(
      bytesOf(add(new InflightRuns(), [1, 1, 0, 0, 1])),
    );
  });
});
