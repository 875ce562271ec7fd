import { expect } from 'chai';
import type { LmqStore } from '../../../src/lmq/spi/lmq-store.ts';
import { filterQueueName, topicQueueName } from '../../../src/lmq/spi/queue-name.ts';
import { StateSpace } from '../../../src/lmq/spi/types.ts';
import { freshStore, payloads, publish, put, turn, type StoreFactory } from './harness.ts';

/** Spaces that a store server keeps for itself. */
const SERVERS: ReadonlySet<StateSpace> = new Set([StateSpace.NODE, StateSpace.CLAIM]);

export function tableSuite(factory: StoreFactory, isRemote: boolean): void {
  filterSuite(factory);
  offsetSuite(factory);
  stateSuite(factory, isRemote);
}

function filterSuite(factory: StoreFactory): void {
  describe('filters', () => {
    const current = freshStore(factory);

    it('fill their queues with every record that is appended from the call on', async () => {
      const { store } = current();
      publish(store, 'a/b', 'before');
      const acquired = store.acquireFilter('a/+', false);
      publish(store, 'a/b', 'after');
      const queue = await acquired;
      expect(queue.name).to.equal(filterQueueName('a/+'));
      await put(store, 'a/c', 'later');
      expect(await payloads(store, filterQueueName('a/+'))).to.deep.equal(['after', 'later']);
      expect(await payloads(store, topicQueueName('a/b'))).to.deep.equal(['before', 'after']);
    });

    it('each get every record that matches, in the order of publishing', async () => {
      const { store } = current();
      for (const filter of ['#', 'a/#', '+/b', 'a/+/c', '/#']) {
        await store.acquireFilter(filter, true);
      }
      for (const topic of ['a/b', 'a/x/c', 'a', '/b', 'z']) publish(store, topic, topic);
      await store.committed(store.openCommit);
      const expected: [string, string[]][] = [
        ['#', ['a/b', 'a/x/c', 'a', '/b', 'z']],
        ['a/#', ['a/b', 'a/x/c', 'a']],
        ['+/b', ['a/b', '/b']],
        ['a/+/c', ['a/x/c']],
        ['/#', ['/b']],
      ];
      for (const [filter, topics] of expected) {
        expect(await payloads(store, filterQueueName(filter)), filter).to.deep.equal(topics);
      }
    });

    it('that begin with a wildcard get no record of a $ topic [MQTT-4.7.2-1]', async () => {
      const { store } = current();
      await store.acquireFilter('#', false);
      await store.acquireFilter('+/x', false);
      await store.acquireFilter('$SYS/#', false);
      await put(store, '$SYS/x', '1');
      expect(await payloads(store, filterQueueName('#'))).to.deep.equal([]);
      expect(await payloads(store, filterQueueName('+/x'))).to.deep.equal([]);
      expect(await payloads(store, filterQueueName('$SYS/#'))).to.deep.equal(['1']);
    });

    it('stay while anyone uses them, and go with the last use', async () => {
      const { store } = current();
      await store.acquireFilter('a/#', true);
      await store.acquireFilter('a/#', false);
      await store.acquireFilter('a/#', false);
      expect(store.listFilters()).to.deep.equal([{ filter: 'a/#', pinned: false, uses: 3 }]);
      store.releaseFilter('a/#', false);
      store.releaseFilter('a/#', true);
      expect(store.listFilters()).to.deep.equal([{ filter: 'a/#', pinned: false, uses: 1 }]);
      await put(store, 'a/b', 'in');
      await store.committed(store.releaseFilter('a/#', false));
      expect(store.listFilters()).to.deep.equal([]);
      await put(store, 'a/b', 'out');
      expect(await payloads(store, filterQueueName('a/#'))).to.deep.equal(['in']);
    });

    it('stay open for their readers when released', async () => {
      const { store } = current();
      const queue = await store.acquireFilter('a/#', false);
      await put(store, 'a/b', 'x');
      store.releaseFilter('a/#', false);
      expect(queue.maxOffset).to.equal(1);
      expect(store.tail(queue, 0)?.count).to.equal(1);
      store.closeQueue(queue);
    });

    it('are not hurt by a release too many', async () => {
      const { store } = current();
      store.releaseFilter('a/#', false);
      store.releaseFilter('a/#', true);
      await store.acquireFilter('a/#', false);
      await store.committed(store.releaseFilter('a/#', true));
      expect(store.listFilters()).to.deep.equal([{ filter: 'a/#', pinned: false, uses: 1 }]);
    });

    it('stay without uses while they are pinned', async () => {
      const { store } = current();
      store.pinFilter('a/#');
      store.pinFilter('a/#');
      expect(store.listFilters()).to.deep.equal([{ filter: 'a/#', pinned: true, uses: 0 }]);
      await store.acquireFilter('a/#', true);
      store.releaseFilter('a/#', true);
      await put(store, 'a/b', 'x');
      expect(await payloads(store, filterQueueName('a/#'))).to.deep.equal(['x']);
      await store.acquireFilter('a/#', false);
      store.unpinFilter('a/#');
      expect(store.listFilters()).to.deep.equal([{ filter: 'a/#', pinned: false, uses: 1 }]);
      store.releaseFilter('a/#', false);
      await store.committed(store.unpinFilter('a/#'));
      expect(store.listFilters()).to.deep.equal([]);
    });

    it('without wildcards open the queue of the topic and register nothing', async () => {
      const { store } = current();
      const queue = await store.acquireFilter('a/b', true);
      expect(queue.name).to.equal(topicQueueName('a/b'));
      store.pinFilter('a/b');
      expect(store.listFilters()).to.deep.equal([]);
      await put(store, 'a/b', 'once');
      expect(queue.maxOffset).to.equal(1);
      await store.committed(store.releaseFilter('a/b', true));
      await store.committed(store.unpinFilter('a/b'));
    });
  });
}

function offsetSuite(factory: StoreFactory): void {
  describe('consumer offsets', () => {
    const current = freshStore(factory);

    it('are unknown until committed, and seen at once', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      expect(await store.loadOffset('c', queue)).to.equal(undefined);
      const commit = store.commitOffset('c', queue, 5);
      expect(await store.loadOffset('c', queue)).to.equal(5);
      store.commitOffset('c', queue, 6);
      await store.committed(commit);
      expect(await store.loadOffset('c', queue)).to.equal(6);
      await store.committed(store.commitOffset('c', queue, 0));
      expect(await store.loadOffset('c', queue)).to.equal(0);
    });

    it('belong to one consumer and one queue', async () => {
      const { store } = current();
      const t = await store.openQueue(topicQueueName('t'));
      const u = await store.openQueue(topicQueueName('u'));
      store.commitOffset('c', t, 1);
      store.commitOffset('c', u, 2);
      await store.committed(store.commitOffset('c\u0000', t, 3));
      expect(await store.loadOffset('c', t)).to.equal(1);
      expect(await store.loadOffset('c', u)).to.equal(2);
      expect(await store.loadOffset('c\u0000', t)).to.equal(3);
      expect(await store.loadOffset('', t)).to.equal(undefined);
    });

    it('can be deleted, in the open commit and later', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      store.commitOffset('c', queue, 1);
      store.deleteOffset('c', queue);
      expect(await store.loadOffset('c', queue)).to.equal(undefined);
      await store.committed(store.commitOffset('c', queue, 2));
      await store.committed(store.deleteOffset('c', queue));
      expect(await store.loadOffset('c', queue)).to.equal(undefined);
    });

    it('keep the last of many writes, over several commits under way', async () => {
      const { store } = current();
      const queue = await store.openQueue(topicQueueName('t'));
      let commit = 0;
      for (let i = 0; i < 100; i++) {
        commit = store.commitOffset('c', queue, i);
        if (i % 9 === 0) await turn();
        expect(await store.loadOffset('c', queue)).to.equal(i);
      }
      await store.committed(commit);
      expect(await store.loadOffset('c', queue)).to.equal(99);
    });
  });
}

async function entries(store: LmqStore, space: StateSpace): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const { key, value } of store.scanState(space)) found.push([key, value.toString()]);
  return found;
}

function stateSuite(factory: StoreFactory, isRemote: boolean): void {
  describe('state', () => {
    const current = freshStore(factory);

    it('is seen at once, and afterwards', async () => {
      const { store } = current();
      expect(await store.getState(StateSpace.SESSION, 'k')).to.equal(undefined);
      const commit = store.putState(StateSpace.SESSION, 'k', Buffer.from('1'));
      expect(String(await store.getState(StateSpace.SESSION, 'k'))).to.equal('1');
      store.putState(StateSpace.SESSION, 'k', Buffer.from('2'));
      await store.committed(commit);
      expect(String(await store.getState(StateSpace.SESSION, 'k'))).to.equal('2');
      store.deleteState(StateSpace.SESSION, 'k');
      expect(await store.getState(StateSpace.SESSION, 'k')).to.equal(undefined);
      await store.committed(store.openCommit);
      expect(await store.getState(StateSpace.SESSION, 'k')).to.equal(undefined);
    });

    it('is copied when put', async () => {
      const { store } = current();
      const value = Buffer.from('value');
      const commit = store.putState(StateSpace.SESSION, 'k', value);
      value.fill('!');
      expect(String(await store.getState(StateSpace.SESSION, 'k'))).to.equal('value');
      await store.committed(commit);
      expect(String(await store.getState(StateSpace.SESSION, 'k'))).to.equal('value');
    });

    it('keeps spaces apart, and takes any key and an empty value', async () => {
      const { store } = current();
      const spaces = Object.values(StateSpace).filter((space) => !isRemote || !SERVERS.has(space));
      for (const space of spaces) {
        store.putState(space, '', Buffer.from(String(space)));
      }
      store.putState(StateSpace.RETAINED, '\u0000ü😀/', Buffer.alloc(0));
      await store.committed(store.openCommit);
      for (const space of spaces) {
        expect(String(await store.getState(space, ''))).to.equal(String(space));
      }
      expect((await store.getState(StateSpace.RETAINED, '\u0000ü😀/'))?.length).to.equal(0);
    });

    it('is scanned in the order of the keys in UTF-8, one space only', async () => {
      const { store } = current();
      const keys = ['b', 'a', 'a/b', '\uffee', '😀', 'ü', '', 'B'];
      for (const key of keys) store.putState(StateSpace.RETAINED, key, Buffer.from(`<${key}>`));
      store.putState(StateSpace.WILL, 'other', Buffer.from('x'));
      store.deleteState(StateSpace.RETAINED, 'b');
      await store.committed(store.openCommit);
      const sorted = keys
        .filter((key) => key !== 'b')
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(await entries(store, StateSpace.RETAINED)).to.deep.equal(
        sorted.map((key) => [key, `<${key}>`]),
      );
    });

    it('is scanned from behind a key on, whether it is there or not', async () => {
      const { store } = current();
      for (const key of ['', 'a', 'c', 'ü']) {
        store.putState(StateSpace.RETAINED, key, Buffer.from('x'));
      }
      await store.committed(store.putState(StateSpace.WILL, 'z', Buffer.from('x')));
      const after = async (key: string): Promise<string[]> => {
        const found: string[] = [];
        for await (const entry of store.scanState(StateSpace.RETAINED, key)) found.push(entry.key);
        return found;
      };
      expect(await after('')).to.deep.equal(['a', 'c', 'ü']);
      expect(await after('b')).to.deep.equal(['c', 'ü']);
      expect(await after('c')).to.deep.equal(['ü']);
      expect(await after('ü')).to.deep.equal([]);
    });

    it('is scanned as of the call', async () => {
      const { store } = current();
      for (let i = 0; i < 10; i++)
        store.putState(StateSpace.SESSION, `k${String(i)}`, Buffer.from('1'));
      await store.committed(store.openCommit);
      const seen: string[] = [];
      for await (const { key, value } of store.scanState(StateSpace.SESSION)) {
        seen.push(`${key}=${value.toString()}`);
        store.putState(StateSpace.SESSION, 'k9', Buffer.from('2'));
        await store.committed(store.putState(StateSpace.SESSION, 'l', Buffer.from('2')));
      }
      expect(seen).to.deep.equal(Array.from({ length: 10 }, (_, i) => `k${String(i)}=1`));
    });

    it('lets a scan be left early', async () => {
      const { store } = current();
      for (let i = 0; i < 10; i++) store.putState(StateSpace.SESSION, String(i), Buffer.from('1'));
      await store.committed(store.openCommit);
      for await (const { key } of store.scanState(StateSpace.SESSION)) {
        expect(key).to.equal('0');
        break;
      }
    });
  });
}
