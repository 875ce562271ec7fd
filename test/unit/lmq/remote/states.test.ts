import { expect } from 'chai';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { FakeStore, settle } from './fake-store.ts';

const SPACE = StateSpace.RETAINED;

describe('state that a remote store watches', () => {
  let store: FakeStore;
  let told: string[];
  beforeEach(async () => {
    store = new FakeStore();
    await store.attach();
    told = [];
    const watched = store.node.watchState(SPACE, (key, value) => {
      told.push(`${key}=${String(value)}`);
    });
    await settle();
    store.link.answer('watchSpace', { done: {} });
    await watched;
  });

  const change = (key: string, value?: string) => ({
    space: SPACE,
    key,
    ...(value === undefined ? {} : { value: Buffer.from(value) }),
  });
  const page = (entries: Record<string, string>, more = false) => ({
    scan: {
      more,
      entries: Object.entries(entries).map(([key, value]) => ({ key, value: Buffer.from(value) })),
    },
  });
  const scan = async (found: string[]): Promise<void> => {
    for await (const { key, value } of store.node.scanState(SPACE)) {
      found.push(`${key}=${value.toString()}`);
    }
  };

  it('is told as it changes, before the commits of the same frame', () => {
    store.node.onCommit(() => told.push('commit'));
    store.node.putState(SPACE, 'own', Buffer.from('1'));
    return settle().then(() => {
      store.link.say({
        settled: { sequence: 1 },
        stateChanges: [change('a', '1'), change('b', ''), change('a')],
      });
      expect(told).to.deep.equal(['a=1', 'b=', 'a=undefined', 'commit']);
    });
  });

  it('is scanned page by page, without what is older than what is known', async () => {
    store.node.putState(SPACE, 'c', Buffer.from('unsettled'));
    const found: string[] = [];
    const scanned = scan(found);
    await settle();
    store.link.say({ stateChanges: [change('d', 'new')] });
    store.link.answer('scanState', page({ a: '1', b: '1' }, true));
    await settle();
    expect(store.link.requests.at(-1)?.scanState).to.deep.include({ after: 'b', fromStart: false });
    store.node.deleteState(SPACE, 'e');
    store.link.answer('scanState', page({ c: 'old', d: 'old', e: 'old', f: '1' }));
    await scanned;
    expect(found).to.deep.equal(['a=1', 'b=1', 'f=1']);
  });

  it('is compared after a lost connection: nothing is missed and nothing goes back', async () => {
    const found: string[] = [];
    const scanned = scan(found);
    await settle();
    store.link.answer('scanState', page({ a: '1', b: '1', gone: '1' }));
    await scanned;
    store.link.say({ stateChanges: [change('deleted', '1'), change('deleted')] });
    store.node.putState(SPACE, 'own', Buffer.from('mine'));
    await settle();
    told = [];
    await store.reattach();
    store.link.say({ stateChanges: [change('b', '3')] });
    store.link.answer('scanState', page({ a: '2', b: '2', fresh: '1', own: 'older' }));
    await settle();
    expect(told).to.deep.equal(['b=3', 'a=2', 'fresh=1', 'gone=undefined']);
  });

  it('is compared anew when the connection is lost once more', async () => {
    store.link.say({ stateChanges: [change('gone', '1')] });
    told = [];
    await store.reattach();
    store.link.answer('scanState', page({ a: '1' }, true));
    await settle();
    await store.reattach();
    await settle();
    for (const { id } of store.link.requests.filter(({ scanState }) => scanState !== undefined)) {
      store.link.say({ replies: [{ id, ...page({ a: '2' }) }] });
    }
    await settle();
    expect(told).to.include('a=2');
    expect(told.filter((one) => one === 'gone=undefined').length).to.equal(1);
  });
});
