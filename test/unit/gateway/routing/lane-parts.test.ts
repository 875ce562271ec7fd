import { expect } from 'chai';
import { acquireInLanes } from '../../../../src/gateway/routing/lane-parts.ts';
import type { Lane } from '../../../../src/lmq/spi/lane.ts';

describe('gateway: parts in lanes', () => {
  let lanes: Lane[];
  let held: string[];

  function acquire(fails: (lane: Lane) => boolean = () => false): Promise<readonly string[]> {
    return acquireInLanes(
      () => lanes,
      async (lane) => {
        // Later lanes are faster.
        for (let turn = 5 - lane; turn > 0; turn--) await Promise.resolve();
        if (fails(lane)) throw new Error(`lane ${String(lane)} is away`);
        held.push(`part ${String(lane)}`);
        return `part ${String(lane)}`;
      },
      (part, lane) => {
        expect(part).to.equal(`part ${String(lane)}`);
        held.splice(held.indexOf(part), 1);
      },
    );
  }

  beforeEach(() => {
    lanes = [0, 2, 3];
    held = [];
  });

  it('come in the order of the lanes', async () => {
    expect(await acquire()).to.deep.equal(['part 0', 'part 2', 'part 3']);
    lanes = [1];
    expect(await acquire()).to.deep.equal(['part 1']);
  });

  it('are asked for in the turn of the call', () => {
    const asked: Lane[] = [];
    void acquireInLanes(
      () => lanes,
      (lane) => {
        asked.push(lane);
        return new Promise(() => undefined);
      },
      () => undefined,
    );
    expect(asked).to.deep.equal([0, 2, 3]);
  });

  it('are given back when one of them fails', async () => {
    const error = await acquire((lane) => lane === 2).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('message', 'lane 2 is away');
    expect(held).to.deep.equal([]);
  });

  it('of lanes that come meanwhile are taken in', async () => {
    const acquiring = acquire();
    lanes = [0, 2, 3, 4];
    expect(await acquiring).to.deep.equal(['part 0', 'part 2', 'part 3', 'part 4']);
  });

  it('are all given back when one that has come meanwhile fails', async () => {
    const acquiring = acquire((lane) => lane === 4);
    lanes = [0, 2, 3, 4];
    expect(await acquiring.catch(() => 'failed')).to.equal('failed');
    expect(held).to.deep.equal([]);
  });
});
