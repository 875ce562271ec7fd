import { expect } from 'chai';
import { ErrorCode, type StoreError } from '../../../../src/common/errors.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { rejection } from '../../../conformance/lmq-store/harness.ts';
import { FakeStore, settle } from './fake-store.ts';

describe('claims of a remote store', () => {
  let store: FakeStore;
  beforeEach(async () => {
    store = new FakeStore({ requestTimeoutMs: 10_000 });
    await store.attach();
  });

  const claim = async (key: string): Promise<void> => {
    const claimed = store.node.claim(key);
    await settle();
    store.link.answer('claim', { claimed: true });
    await claimed;
  };
  const releases = (): string[] =>
    store.link.batches.flatMap(({ writes }) => writes.flatMap((write) => write.releaseClaim ?? []));
  const asked = (): number =>
    store.link.requests.filter(({ claim: one }) => one !== undefined).length;

  it('are asked for once, and held until they are released', async () => {
    const both = [store.node.claim('sme'), store.node.claim('sme')];
    await settle();
    expect(asked()).to.equal(1);
    store.link.answer('claim', { claimed: true });
    await Promise.all(both);
    await store.node.claim('sme');
    expect(await store.node.claimIfFree('sme')).to.equal(true);
    expect(asked()).to.equal(1);
    store.node.release('sme');
    store.node.release('sme');
    await settle();
    expect(releases()).to.deep.equal(['sme']);
  });

  it('may not be free', async () => {
    const free = store.node.claimIfFree('wme');
    await settle();
    store.link.answer('claim', { claimed: false });
    expect(await free).to.equal(false);
    store.node.release('wme');
    await settle();
    expect(releases()).to.deep.equal([]);
  });

  describe('with a reading', () => {
    let reads: number;
    const read = (): Promise<number> => {
      reads++;
      return store.node
        .getState(StateSpace.SESSION, 'me')
        .then((value) => Number(value?.toString()));
    };
    const found = (value: string): void => {
      store.link.answer('getState', { state: { value: Buffer.from(value) } });
    };
    beforeEach(() => {
      reads = 0;
    });

    it('are asked for in one turn with it when they are free', async () => {
      const claimed = store.node.claimWith('sme', read);
      await settle();
      const [first, second] = store.link.requests.slice(-2);
      expect(first?.claim).to.deep.equal({ key: 'sme', onlyIfFree: true });
      expect(second?.getState?.key).to.equal('me');
      found('1');
      store.link.answer('claim', { claimed: true });
      expect(await claimed).to.equal(1);
      expect(reads).to.equal(1);
      expect(await store.node.claimIfFree('sme')).to.equal(true);
    });

    it('are waited for when another node has them, and what was read before does not count', async () => {
      const claimed = store.node.claimWith('sme', read);
      await settle();
      found('1');
      store.link.answer('claim', { claimed: false });
      await settle();
      expect(reads).to.equal(1);
      store.link.answer('claim', { claimed: true });
      await settle();
      found('2');
      expect(await claimed).to.equal(2);
    });

    it('are read again when the connection was lost in between', async () => {
      const claimed = store.node.claimWith('sme', read);
      await settle();
      found('1');
      await store.reattach();
      store.link.answer('claim', { claimed: true });
      await settle();
      found('2');
      expect(await claimed).to.equal(2);
    });

    it("under release are not read before they are this node's again", async () => {
      await claim('sme');
      store.node.release('sme');
      const claimed = store.node.claimWith('sme', read);
      await settle();
      expect(reads).to.equal(0);
      store.link.say({ settled: { sequence: 1 } });
      await settle();
      store.link.answer('claim', { claimed: true });
      await settle();
      found('3');
      expect(await claimed).to.equal(3);
    });
  });

  it('under release stay in the hello until that is durable, and are not asked for before', async () => {
    await claim('sme');
    store.node.putState(StateSpace.SESSION, 'me', Buffer.from('saved'));
    store.node.release('sme');
    const again = store.node.claim('sme');
    await settle();
    expect(asked()).to.equal(1);
    await store.reattach();
    expect(store.link.sent[0]?.hello?.claims).to.deep.equal(['sme']);
    expect(asked()).to.equal(0);
    store.link.say({ settled: { sequence: 1 } });
    await settle();
    expect(asked()).to.equal(1);
    store.link.answer('claim', { claimed: true });
    await again;
    await store.reattach({ lastSequence: 1 });
    expect(store.link.sent[0]?.hello?.claims).to.deep.equal(['sme']);
  });

  it('that were released with a batch whose settlement was lost may be gone', async () => {
    await claim('sme');
    store.node.release('sme');
    await settle();
    let reason: string | undefined;
    store.node.onFenced((why) => (reason = why));
    await store.reattach({ lastSequence: 1, lostClaims: ['sme'] });
    expect(reason).to.equal(undefined);
    await store.reattach({ lastSequence: 1 });
    expect(store.link.sent[0]?.hello?.claims).to.deep.equal([]);
  });

  it('that another node asks for are told; what is not held is given up at once', async () => {
    await claim('sme');
    store.link.say({ revoked: ['sme', 'sother'] });
    const revoked: string[] = [];
    store.node.onRevoked((key) => revoked.push(key));
    store.link.say({ revoked: ['sme'] });
    expect(revoked).to.deep.equal(['sme', 'sme']);
    await settle();
    expect(releases()).to.deep.equal(['sother']);
  });

  it('that are granted when nobody waits any more go to who sees to orphans', async () => {
    const orphans: string[] = [];
    store.node.onOrphans(async (keys) => {
      for (const key of keys) {
        orphans.push(key);
        if (await store.node.claimIfFree(key)) store.node.release(key);
      }
    });
    const claimed = rejection(store.node.claim('wme'));
    await settle();
    const id = store.link.requests.at(-1)?.id ?? 0;
    for (let i = 0; i < 8; i++) {
      store.clock.advance(1_500);
      store.link.say({});
    }
    expect(((await claimed) as StoreError).code).to.equal(ErrorCode.STORE_UNAVAILABLE);
    store.link.say({ replies: [{ id, claimed: true }] });
    await settle();
    expect(orphans).to.deep.equal(['wme']);
    expect(releases()).to.deep.equal(['wme']);
    expect(store.link.requests.some(({ orphansDone }) => orphansDone !== undefined)).to.equal(
      false,
    );
  });
});

describe('orphans of a remote store', () => {
  const done = (store: FakeStore): number =>
    store.link.requests.filter(({ orphansDone }) => orphansDone !== undefined).length;

  it('come lot by lot, and are answered behind what was written for them', async () => {
    const store = new FakeStore();
    await store.attach();
    store.link.say({ orphans: ['w1', 'w2'] });
    const lots: (readonly string[])[] = [];
    let finish = (): void => undefined;
    store.node.onOrphans((keys) => {
      lots.push(keys);
      store.node.putState(StateSpace.SESSION, keys[0] ?? '', Buffer.from('seen'));
      return new Promise((resolve) => (finish = resolve));
    });
    store.link.say({ orphans: ['w3'] });
    await settle();
    expect(lots).to.deep.equal([['w1', 'w2']]);
    expect(done(store)).to.equal(0);
    finish();
    await settle();
    expect(lots).to.deep.equal([['w1', 'w2'], ['w3']]);
    expect(done(store)).to.equal(1);
    const at = (has: (frame: (typeof store.link.sent)[number]) => boolean): number =>
      store.link.sent.findIndex(has);
    const answered = at(({ requests }) => requests.some(({ orphansDone }) => orphansDone));
    expect(answered).to.be.at.least(at(({ batch }) => batch !== undefined));
  });

  it('are not answered on another connection, where they are given again', async () => {
    const store = new FakeStore();
    await store.attach();
    const finish: (() => void)[] = [];
    store.node.onOrphans(() => new Promise((resolve) => finish.push(resolve)));
    store.link.say({ orphans: ['w1'] });
    await store.reattach();
    store.link.say({ orphans: ['w1'] });
    finish[0]?.();
    await settle();
    expect(done(store)).to.equal(0);
    finish[1]?.();
    await settle();
    expect(done(store)).to.equal(1);
  });

  it('are seen to again after a failure', async () => {
    const store = new FakeStore();
    await store.attach();
    let tries = 0;
    store.node.onOrphans(() =>
      ++tries === 1 ? Promise.reject(new Error('x')) : Promise.resolve(),
    );
    store.link.say({ orphans: ['w1'] });
    await settle();
    expect([tries, done(store)]).to.deep.equal([1, 0]);
    store.clock.advance(1_000);
    await settle();
    expect([tries, done(store)]).to.deep.equal([2, 1]);
  });
});
