import { expect } from 'chai';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { publish, rejection } from '../../../conformance/lmq-store/harness.ts';
import { boundsOf, FakeStore, settle, welcomeOf } from './fake-store.ts';

describe('the attachment of a remote store', () => {
  let store: FakeStore;
  beforeEach(async () => {
    store = new FakeStore();
    await store.attach();
  });

  it('begins with a hello alone, and takes the origin of the welcome', () => {
    const hello = store.link.sent[0]?.hello;
    expect(hello).to.deep.include({ nodeName: 'node', leaseMs: 9_000, resumes: false });
    expect(hello?.nodeId).to.equal(store.node.nodeId);
    expect(store.node.origin).to.equal(7);
  });

  it('says after a lost link all that the node holds', async () => {
    await store.open(1, 'ta');
    const acquired = store.node.acquireFilter('x/#', false);
    await settle();
    store.link.answer('openQueue', { queue: boundsOf(2, 'fx/#') });
    await acquired;
    const watched = store.node.watchState(StateSpace.RETAINED, () => undefined);
    const claimed = store.node.claim('sme');
    await settle();
    store.link.answer('watchSpace', { done: {} });
    store.link.answer('claim', { claimed: true });
    await Promise.all([watched, claimed]);
    store.link.end();
    store.clock.advance(100);
    expect(store.link.sent[0]?.hello).to.deep.include({
      resumes: true,
      claims: ['sme'],
      queues: [
        { name: 'ta', uses: 1 },
        { name: 'fx/#', uses: 1 },
      ],
      filters: [{ filter: 'x/#', uses: 1 }],
      watchedSpaces: [StateSpace.RETAINED],
    });
    expect(store.link.sent.length).to.equal(1);
  });

  it('asks again what was not answered', async () => {
    const state = store.node.getState(StateSpace.SESSION, 'k');
    await settle();
    await store.reattach();
    store.link.answer('getState', { state: { value: Buffer.from('v') } });
    expect(String(await state)).to.equal('v');
  });

  it('tries again and again, ever later, and by chance', async () => {
    store.isAway = true;
    store.link.end();
    store.clock.advance(49);
    store.clock.advance(99);
    store.clock.advance(199);
    expect(store.links.length).to.equal(1);
    store.isAway = false;
    store.clock.advance(24);
    expect(store.links.length).to.equal(1);
    store.clock.advance(1_000);
    expect(store.links.length).to.equal(2);
    await settle();
  });

  it('keeps the lease with empty frames', () => {
    const { link, clock } = store;
    const before = link.sent.length;
    clock.advance(1_500);
    link.say({ figures: { recordsStored: 5, bytesStored: 6, recordsExpired: 4 } });
    clock.advance(1_500);
    expect(link.sent.slice(before)).to.deep.equal([
      { requests: [], beat: 1 },
      { requests: [], beat: 2 },
    ]);
    expect(store.node.stats).to.deep.include({ recordsStored: 5, recordsExpired: 4 });
  });

  it('leaves a store that is silent for two heartbeats, in half of the lease', () => {
    const { link, clock } = store;
    for (let i = 0; i < 3; i++) clock.advance(1_500);
    expect(link.isClosed).to.equal(true);
    clock.advance(1_000);
    expect(store.links.length).to.equal(2);
  });

  it('leaves a link on which it is not welcomed in time', () => {
    store.link.end();
    store.clock.advance(1_000);
    const { link } = store;
    store.clock.advance(3_000);
    expect(link.isClosed).to.equal(true);
  });

  it('comes in parts when there is much to say', async () => {
    for (let i = 0; i < 20; i++) {
      const name = `t${String(i)}/${'x'.repeat(60_000)}`;
      await store.open(i + 1, name);
    }
    store.link.end();
    store.clock.advance(1_000);
    const hellos = store.link.sent.map(({ hello }) => hello);
    expect(hellos.length).to.be.above(2);
    expect(hellos.map((hello) => hello?.more)).to.deep.equal(
      hellos.map((_, index) => index < hellos.length - 1),
    );
    const bounds = hellos
      .flatMap((hello) => hello?.queues ?? [])
      .map(({ name }, i) => boundsOf(i + 1, name, i));
    expect(bounds.length).to.equal(20);
    const grown: number[] = [];
    store.node.onArrival((arrivals) => {
      for (const { queue, count } of arrivals) grown.push(queue.id * 100 + count);
    });
    store.link.say({ welcome: welcomeOf({ queues: bounds.slice(0, 7), more: true }) });
    expect(grown).to.deep.equal([]);
    store.link.say({ welcome: welcomeOf({ queues: bounds.slice(7) }) });
    expect(grown.length).to.equal(19);
    expect(grown.at(-1)).to.equal(2_019);
  });
});

describe('a remote store that is dead to the store', () => {
  const fences: [string, (store: FakeStore) => void][] = [
    ['fenced', ({ link }) => link.say({ fenced: { reason: 'silent' } })],
    ['another store', (store) => reattach(store, { storeId: 'other' })],
    ['a store that lost commits', (store) => reattach(store, { lastSequence: 0 })],
    ['a store that lost records', (store) => reattach(store, { queues: [boundsOf(1, 'ta', 4)] })],
    ['a store that gave a claim away', (store) => reattach(store, { lostClaims: ['sme'] })],
  ];
  for (const [name, fence] of fences) {
    it(`fails everything, now and later: ${name}`, async () => {
      const store = new FakeStore();
      await store.attach();
      const { node } = store;
      const reasons: string[] = [];
      node.onFenced((reason) => reasons.push(reason));
      await store.open(1, 'ta', 5);
      const claimed = node.claim('sme');
      publish(node, 'a', '1');
      await settle();
      store.link.answer('claim', { claimed: true });
      store.link.say({ settled: { sequence: 1 } });
      await claimed;
      publish(node, 'a', '2');
      await settle();
      const under = rejection(node.committed(2));
      const open = rejection(node.committed(publish(node, 'a', '3')));
      const asked = rejection(node.getState(StateSpace.SESSION, 'k'));
      fence(store);
      for (const error of [await under, await open, await asked]) {
        expect((error as StoreError).code).to.equal(ErrorCode.STORE_FENCED);
      }
      const later = await rejection(node.committed(publish(node, 'a', '4')));
      expect((later as StoreError).code).to.equal(ErrorCode.STORE_FENCED);
      expect(reasons.length).to.equal(1);
      const { length } = store.links;
      store.clock.advance(60_000);
      expect(store.links.length).to.equal(length);
      expect(node.backlogBytes).to.equal(0);
      await node.stop();
    });
  }

  function reattach(store: FakeStore, welcome: object): void {
    store.link.end();
    store.clock.advance(1_000);
    const queues = [boundsOf(1, 'ta', 5)];
    store.link.say({ welcome: welcomeOf({ lastSequence: 1, queues, ...welcome }) });
  }
});

describe('the start of a remote store', () => {
  it('fails when the store cannot be reached in time, and tries no more', async () => {
    const store = new FakeStore({ requestTimeoutMs: 5_000 });
    store.isAway = true;
    const started = rejection(store.node.start());
    store.clock.advance(100);
    store.clock.advance(5_000);
    const error = (await started) as StoreError;
    expect(error).to.be.instanceOf(StoreError);
    expect(error.code).to.equal(ErrorCode.STORE_UNAVAILABLE);
    expect(error.message).to.contain('nobody there');
    expect(store.clock.timers).to.equal(0);
    await store.node.stop();
  });

  it('fails at once when the store refuses the node', async () => {
    const store = new FakeStore();
    const started = rejection(store.node.start());
    store.link.end(true);
    expect(((await started) as StoreError).code).to.equal(ErrorCode.STORE_UNAVAILABLE);
    expect(store.clock.timers).to.equal(0);
  });

  it('can be stopped', async () => {
    const store = new FakeStore();
    const started = rejection(store.node.start());
    await store.node.stop();
    expect(await started).to.be.instanceOf(StoreError);
    expect(store.clock.timers).to.equal(0);
  });
});

describe('the end of a remote store', () => {
  it('flushes, says goodbye and closes', async () => {
    const store = new FakeStore();
    await store.attach();
    publish(store.node, 't', '1');
    const stopped = store.node.stop();
    await settle();
    expect(store.link.batches.length).to.equal(1);
    store.link.say({ settled: { sequence: 1 } });
    await settle();
    store.link.answer('goodbye', { done: {} });
    await stopped;
    expect(store.link.isClosed).to.equal(true);
    expect(store.clock.timers).to.equal(0);
  });

  it('does not wait for a store that stays away', async () => {
    const store = new FakeStore({ stopTimeoutMs: 4_000 });
    await store.attach();
    const commit = publish(store.node, 't', '1');
    const lost = rejection(store.node.committed(commit));
    store.isAway = true;
    store.link.end();
    const stopped = store.node.stop();
    store.clock.advance(4_000);
    await stopped;
    expect(((await lost) as StoreError).code).to.equal(ErrorCode.STORE_CLOSED);
    expect(store.clock.timers).to.equal(0);
  });
});
