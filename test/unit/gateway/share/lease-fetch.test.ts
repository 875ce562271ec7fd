import { expect } from 'chai';
import { silentLogger } from '../../../../src/common/logger.ts';
import {
  decodeInflightRecord,
  encodeInflightRecord,
} from '../../../../src/gateway/session/inflight-record.ts';
import { LeaseFetch } from '../../../../src/gateway/share/lease-fetch.ts';
import type { ShareGroup } from '../../../../src/gateway/share/share-group.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { onlyStore } from '../../../../src/lmq/spi/stores.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { FakeClock } from '../fake-clock.ts';

const KEY = '$share/g/t';
const CLIENT = 'away';

/** A message of the group at QoS 1, offset 7, and one at QoS 2, offset 8, are in flight to the client. */
function saveWindow(store: LmqStore): void {
  const entries = {
    packetIds: [1, 2],
    states: [1, 1],
    qos: [1, 2],
    queueIndexes: [0, 0],
    offsets: [7, 8],
    count: 2,
  };
  const received = new Set<number>();
  const record = encodeInflightRecord({ nextPacketId: 3, received, queueNames: [KEY], entries });
  store.putState(StateSpace.INFLIGHT, CLIENT, record);
}

interface Outcome {
  readonly givenBack: readonly number[];
  /** Offsets in the client's stored window. */
  readonly kept: readonly number[];
}

/** @param leaves this gateway leaves the group while the client's window is being read */
async function fetched(leaves: boolean): Promise<Outcome> {
  const store = createMemoryStore();
  await store.start();
  saveWindow(store);
  const group = { key: KEY, holders: new Set([CLIENT]) } as unknown as ShareGroup;
  const givenBack: number[] = [];
  let isHere = true;
  const fetch = new LeaseFetch({
    lane: 0,
    stores: onlyStore(store),
    clock: new FakeClock(),
    logger: silentLogger,
    isHere: () => isHere,
    giveBack: (_key, offsets) => givenBack.push(...offsets),
    done: () => undefined,
  });
  await new Promise<void>((resolve, reject) => {
    fetch.start({
      whileAway: async (_clientId, task) => {
        await task().then(resolve, reject);
      },
      parts: {
        readWith: async (_clientId, _lane, read) => {
          const found = await read();
          isHere = !leaves;
          return found;
        },
      },
    });
    fetch.from(group, CLIENT);
  });
  await store.committed(store.openCommit);
  const saved = await store.getState(StateSpace.INFLIGHT, CLIENT);
  await store.stop();
  if (saved === undefined) throw new Error('the window has gone');
  return { givenBack, kept: decodeInflightRecord(saved, CLIENT).entries.offsets };
}

describe('gateway: LeaseFetch', () => {
  it('takes messages at QoS 1 back from a client that is away; those at QoS 2 stay its own', async () => {
    expect(await fetched(false)).to.deep.equal({ givenBack: [7], kept: [8] });
  });

  it('leaves them where they are when this gateway leaves the group meanwhile', async () => {
    expect(await fetched(true)).to.deep.equal({ givenBack: [], kept: [7, 8] });
  });
});
