import { expect } from 'chai';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { StoredWills } from '../../../../src/gateway/will/stored-wills.ts';
import type { StoredWill } from '../../../../src/gateway/will/will-record.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { failureOf } from '../../../helpers/failure-of.ts';

const will = (text: string): StoredWill => ({
  topic: 'w/a',
  payload: Buffer.from(text),
  qos: 1,
  retain: false,
  delaySeconds: 10,
  expirySeconds: undefined,
  properties: Buffer.alloc(0),
  sessionExpirySeconds: 20,
  dueAt: 30,
});

describe('gateway: StoredWills', () => {
  let store: LmqStore;
  let wills: StoredWills;
  let dropped: unknown[];

  beforeEach(() => {
    store = createMemoryStore();
    dropped = [];
    const error = (fields: object) => dropped.push(fields);
    wills = new StoredWills(store, { ...silentLogger, error });
  });

  const durable = () => store.committed(store.openCommit);

  it('has the last one of each client until it is deleted', async () => {
    wills.put('c', will('one'));
    wills.put('c', will('two'));
    wills.put('d', will('three'));
    await durable();
    expect(await wills.get('c')).to.deep.equal(will('two'));
    expect(await wills.get('d')).to.deep.equal(will('three'));
    wills.delete('c');
    await durable();
    expect(await wills.get('c')).to.equal(undefined);
    expect([await wills.has('c'), await wills.has('d')]).to.deep.equal([false, true]);
  });

  it('says that a record is none, but has it', async () => {
    store.putState(StateSpace.WILL, 'bad', Buffer.from([9]));
    expect(await wills.has('bad')).to.equal(true);
    const error = await failureOf(wills.get('bad'));
    expect(error).to.be.instanceOf(StoreError).and.include({ code: ErrorCode.STORE_CORRUPT });
  });

  it('shows each, and drops and tells of those that cannot be read or dealt with', async () => {
    for (const clientId of ['a', 'b', 'c']) wills.put(clientId, will(clientId));
    store.putState(StateSpace.WILL, 'bad', Buffer.from([9]));
    await durable();
    const seen: string[] = [];
    await wills.each((clientId, { payload }) => {
      if (clientId === 'b') throw new Error('no such topic');
      seen.push(`${clientId}: ${payload.toString()}`);
    });
    expect(seen).to.deep.equal(['a: a', 'c: c']);
    expect(dropped).to.have.lengthOf(2);
    expect(dropped[0]).to.deep.equal({ clientId: 'b', error: 'no such topic' });
    expect(dropped[1]).to.include({ clientId: 'bad' });
    await durable();
    expect([await wills.has('b'), await wills.has('bad')]).to.deep.equal([false, false]);
    expect([await wills.has('a'), await wills.has('c')]).to.deep.equal([true, true]);
  });

  it('waits while the store takes no more', async () => {
    const small = createMemoryStore({ maxBacklogBytes: 100 });
    const many = new StoredWills(small, silentLogger);
    for (const clientId of ['a', 'b', 'c']) many.put(clientId, will('x'));
    await small.committed(small.openCommit);
    const backlogs: number[] = [];
    await many.each(() => {
      backlogs.push(small.backlogBytes);
      small.putState(StateSpace.WILL, 'other', Buffer.alloc(200));
    });
    expect(backlogs).to.deep.equal([0, 0, 0]);
  });
});
