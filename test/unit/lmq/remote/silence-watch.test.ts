import { expect } from 'chai';
import { SilenceWatch } from '../../../../src/lmq/remote/silence-watch.ts';
import { ManualClock } from '../manual-clock.ts';
import { FakeStore, storeFrame, welcomeOf } from './fake-store.ts';

const LEASE_MS = 6_000;
/** 5/6 of it. */
const LIMIT_MS = 5_000;

describe('the silence of a store', () => {
  let clock: ManualClock;
  let told: boolean[];
  let watch: SilenceWatch;

  beforeEach(() => {
    clock = new ManualClock();
    told = [];
    watch = new SilenceWatch(clock, (isSilent) => told.push(isSilent));
    watch.dialled();
    watch.welcomed(LEASE_MS);
  });

  it('is told once, five sixths of a lease after it has heard this node for certain', () => {
    clock.advance(LIMIT_MS - 1);
    expect(told).to.deep.equal([]);
    clock.advance(1);
    expect(told).to.deep.equal([true]);
    clock.advance(60_000);
    expect(told).to.deep.equal([true]);
    expect(clock.timers).to.equal(0);
  });

  it('counts from when a heartbeat was sent, not from when its answer came', () => {
    clock.advance(1_000);
    const beat = watch.beat();
    clock.advance(3_000);
    watch.beatAnswered(beat);
    clock.advance(1_999);
    expect(told).to.deep.equal([]);
    clock.advance(1);
    expect(told).to.deep.equal([true]);
  });

  it('takes an answer for that of its own heartbeat, though others were not answered', () => {
    for (let i = 0; i < 100; i++) {
      const merged = watch.beat();
      clock.advance(1_000);
      watch.beatAnswered(watch.beat());
      watch.beatAnswered(merged);
    }
    expect(told).to.deep.equal([]);
    clock.advance(LIMIT_MS);
    expect(told).to.deep.equal([true]);
  });

  it('goes on with a store that does not say which heartbeat it answers', () => {
    for (let i = 0; i < 20; i++) {
      watch.beat();
      clock.advance(1_000);
      if (i % 2 === 0) watch.beatAnswered(undefined);
    }
    expect(told).to.deep.equal([]);
    clock.advance(LIMIT_MS);
    expect(told).to.deep.equal([true]);
  });

  it('is over by an answer to a batch that was sent after a heartbeat', () => {
    for (let sequence = 1; sequence < 100; sequence++) {
      watch.beat();
      watch.batchSent(sequence);
      clock.advance(1_000);
      watch.batchSettled(sequence - 1);
      watch.batchSettled(sequence);
    }
    expect(told).to.deep.equal([]);
  });

  it('does not count answers on a link that has been left', () => {
    clock.advance(4_000);
    const beat = watch.beat();
    watch.batchSent(1);
    watch.dialled();
    watch.beatAnswered(beat);
    watch.batchSettled(1);
    clock.advance(1_000);
    expect(told).to.deep.equal([true]);
  });

  it('ends with the next welcome, and begins again', () => {
    clock.advance(LIMIT_MS);
    watch.dialled();
    clock.advance(500);
    watch.welcomed(LEASE_MS);
    expect(told).to.deep.equal([true, false]);
    clock.advance(LIMIT_MS - 500);
    expect(told).to.deep.equal([true, false, true]);
  });

  it('is put off while nobody listens there, but not over once it has been told', () => {
    for (let i = 0; i < 20; i++) {
      clock.advance(1_000);
      watch.absent();
    }
    expect(told).to.deep.equal([]);
    clock.advance(LIMIT_MS);
    watch.absent();
    clock.advance(1_000);
    expect(told).to.deep.equal([true]);
  });

  it('is told at once by a process that was stopped for longer', () => {
    clock.advance(10 * LEASE_MS);
    expect(told).to.deep.equal([true]);
  });

  it('needs no timer when the node ends', () => {
    watch.stop();
    expect(clock.timers).to.equal(0);
  });
});

describe('a remote store whose store is silent', () => {
  let store: FakeStore;
  let told: boolean[];

  beforeEach(async () => {
    store = new FakeStore();
    told = [];
    await store.attach();
    store.node.onSilent((isSilent) => told.push(isSilent));
  });

  /** Time passes; heartbeats are answered or not. */
  function pass(ms: number, isAnswered: boolean): void {
    for (let passed = 0; passed < ms; passed += 500) {
      const { link } = store;
      const before = link.sent.length;
      store.clock.advance(500);
      const beat = link.sent.slice(before).find((frame) => frame.beat !== undefined)?.beat;
      if (!isAnswered || beat === undefined) continue;
      link.say({ figures: { recordsStored: 0, bytesStored: 0, recordsExpired: 0, beat } });
    }
  }

  it('says so before its lease is over, whatever it sends, unless it answers', () => {
    pass(60_000, true);
    expect(told).to.deep.equal([]);
    expect(store.node.isAttached).to.equal(true);
    pass(7_000, false);
    expect(store.node.isAttached).to.equal(false);
    expect(told).to.deep.equal([]);
    pass(1_500, false);
    expect(told).to.deep.equal([true]);
  });

  it('goes on when it is welcomed again', () => {
    pass(9_000, false);
    expect(told).to.deep.equal([true]);
    store.link.end();
    store.clock.advance(1_000);
    store.link.say(storeFrame({ welcome: welcomeOf() }));
    expect(told).to.deep.equal([true, false]);
    expect(store.node.isAttached).to.equal(true);
  });

  it('tells whoever asks later', () => {
    pass(9_000, false);
    const late: boolean[] = [];
    store.node.onSilent((isSilent) => late.push(isSilent));
    expect(late).to.deep.equal([true]);
  });

  it('is no matter while nobody listens at its address', () => {
    for (let i = 0; i < 60; i++) {
      store.link.absent();
      store.clock.advance(1_000);
    }
    expect(told).to.deep.equal([]);
    expect(store.node.isAttached).to.equal(false);
  });
});
