import { expect } from 'chai';
import { silentLogger } from '../../../../src/common/logger.ts';
import { TopicMetadata } from '../../../../src/gateway/routing/topic-metadata.ts';
import type { Lane } from '../../../../src/lmq/spi/lane.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { ONE_STORE_SPREAD, type Stores } from '../../../../src/lmq/spi/stores.ts';
import type { Queue } from '../../../../src/lmq/spi/types.ts';
import { FakeFilters, FakeKv, StillClock } from './topic-metadata-fixtures.ts';

/** A store's filter table that counts the queues which are held. */
class LaneFilters extends FakeFilters {
  readonly lane: Lane;
  held = 0;

  constructor(lane: Lane) {
    super();
    this.lane = lane;
  }

  override async acquireFilter(filter: string): Promise<Queue> {
    const queue = await super.acquireFilter(filter);
    this.held++;
    return { ...queue, lane: this.lane };
  }

  closeQueue(): void {
    this.held--;
  }
}

describe('TopicMetadata over several stores', () => {
  let lanes: LaneFilters[];
  let metadata: TopicMetadata;

  function uses(filter: string): (number | undefined)[] {
    return lanes.map((filters) => filters.table.get(filter)?.uses);
  }

  beforeEach(async () => {
    lanes = [new LaneFilters(0), new LaneFilters(1)];
    const stores: Stores = {
      spread: {
        ...ONE_STORE_SPREAD,
        // `one/` lies in the first store alone.
        lanesOfFilter: (filter) => (filter.startsWith('one/') ? [0] : [...lanes.keys()]),
      },
      member: (lane) => lanes[lane] as unknown as LmqStore,
      clusterOf: () => undefined,
      onLaneAdded: () => undefined,
      isJoined: () => true,
      whenJoined: () => undefined,
      onLaneJoined: () => undefined,
      haveAllSwitched: () => true,
      onSpreadChanged: () => undefined,
    };
    const kv = new FakeKv();
    await kv.put('LMQ', 'p', 'p/+');
    await kv.put('LMQ', 'one', 'one/#');
    metadata = new TopicMetadata({
      kv,
      filters: lanes[0] as FakeFilters,
      stores,
      clock: new StillClock(),
      autoCreateTopic: true,
      autoCreateWildcard: true,
      shared: true,
      logger: silentLogger,
    });
    await metadata.start();
  });

  afterEach(async () => {
    await metadata.stop();
  });

  it('a filter is used in each lane that it may lie in, the oldest first', async () => {
    const queues = await metadata.acquire('t/+', false);
    expect(queues.map(({ lane }) => lane)).to.deep.equal([0, 1]);
    expect(uses('t/+')).to.deep.equal([1, 1]);
    expect((await metadata.acquire('one/+', false)).length).to.equal(1);
    expect(uses('one/+')).to.deep.equal([1, undefined]);
    metadata.release('t/+', false);
    metadata.release('one/+', false);
    expect(uses('t/+')).to.deep.equal([undefined, undefined]);
    expect(uses('one/+')).to.deep.equal([undefined, undefined]);
  });

  it('nothing is held when one of the stores refuses', async () => {
    (lanes[1] as LaneFilters).refusal = new Error('away');
    const error = await metadata.acquire('t/+', true).catch((thrown: unknown) => thrown);
    expect(error).to.equal(lanes[1]?.refusal);
    expect(uses('t/+')).to.deep.equal([undefined, undefined]);
    expect(lanes.map(({ held }) => held)).to.deep.equal([0, 0]);
  });

  it('a lane that is added has a use of its own, and the pins of the operator', async () => {
    await metadata.acquire('t/+', true);
    lanes.push(new LaneFilters(2));
    metadata.laneAdded(2);
    expect(lanes[2]?.pinned).to.deep.equal(['p/+']);
    const queue = await metadata.acquireAt('t/+', true, 2);
    expect(queue.lane).to.equal(2);
    expect(uses('t/+')).to.deep.equal([1, 1, 1]);
    metadata.releaseAt('t/+', true, 2);
    expect(uses('t/+')).to.deep.equal([1, 1, undefined]);
  });
});
