import { expect } from 'chai';
import { silentLogger } from '../../../../src/common/logger.ts';
import { TopicDecision } from '../../../../src/gateway/routing/topic-decision.ts';
import { TopicMetadata } from '../../../../src/gateway/routing/topic-metadata.ts';
import type { TopicMetadataOptions } from '../../../../src/gateway/routing/topic-metadata.ts';
import { FakeFilters, FakeKv, StillClock } from './topic-metadata-fixtures.ts';

describe('TopicMetadata', () => {
  let kv: FakeKv;
  let filters: FakeFilters;
  let clock: StillClock;
  let logged: string[];
  let metadata: TopicMetadata;
  let changes: number;

  async function start(options: Partial<TopicMetadataOptions> = {}): Promise<void> {
    const log = (_fields: object, message: string): unknown => logged.push(message);
    metadata = new TopicMetadata({
      kv,
      filters,
      clock,
      autoCreateTopic: true,
      autoCreateWildcard: true,
      logger: { ...silentLogger, warn: log, error: log },
      ...options,
    });
    metadata.onChange(() => changes++);
    await metadata.start();
    kv.writes.length = 0;
  }

  const closed = { autoCreateTopic: false, autoCreateWildcard: false };

  /** Lets what is due be written. */
  async function settle(): Promise<void> {
    clock.fire();
    for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
  }

  function lists(): Record<string, string> {
    return Object.fromEntries(kv.list('LMQ'));
  }

  /** What mqadmin does. */
  async function mqadmin(key: string, value: string): Promise<void> {
    await kv.put('LMQ', key, value);
  }

  beforeEach(() => {
    kv = new FakeKv();
    filters = new FakeFilters();
    clock = new StillClock();
    logged = [];
    changes = 0;
  });

  afterEach(async () => {
    kv.refusal = undefined;
    await metadata.stop();
  });

  describe('first topics', () => {
    it('are those of ALL_FIRST_TOPICS when none may be created', async () => {
      await mqadmin('ALL_FIRST_TOPICS', ' a , b,,');
      await start(closed);
      expect(metadata.isPublishable('a')).to.equal(true);
      expect(metadata.isPublishable('b/c')).to.equal(true);
      expect(metadata.isPublishable('c/b')).to.equal(false);
      expect(metadata.publishDecision('toString')).to.equal('UNKNOWN_FIRST_TOPIC');
      expect(metadata.subscribable('a/b')).to.equal('OK');
      expect(metadata.subscribable('c/b')).to.equal('UNKNOWN_FIRST_TOPIC');
      expect(kv.writes).to.deep.equal([]);
    });

    it('are created by use, at once here and by one write in the KV config', async () => {
      await mqadmin('ALL_FIRST_TOPICS', 'a, b');
      await start();
      for (const topic of ['a/x', 'c/x', 'd', 'c']) {
        expect(metadata.isPublishable(topic)).to.equal(true);
      }
      expect(metadata.subscribable('e/+')).to.equal('OK');
      expect(metadata.subscribable('f/x')).to.equal('OK');
      expect(kv.writes).to.deep.equal([]);
      await settle();
      expect(kv.writes).to.have.length(1);
      expect(lists()['ALL_FIRST_TOPICS']).to.equal('a,b,c,d,e,f');
      expect(changes).to.equal(0);
      expect(clock.timers).to.equal(0);
    });

    it('change at once when mqadmin changes the list', async () => {
      await mqadmin('ALL_FIRST_TOPICS', 'a');
      await start(closed);
      await mqadmin('ALL_FIRST_TOPICS', 'b');
      expect(metadata.isPublishable('a')).to.equal(false);
      expect(metadata.isPublishable('b')).to.equal(true);
      expect(changes).to.equal(1);
      await mqadmin('ALL_FIRST_TOPICS', 'b');
      expect(changes).to.equal(1);
      await kv.delete('LMQ', 'ALL_FIRST_TOPICS');
      expect(metadata.isPublishable('b')).to.equal(false);
    });

    it('that are being written survive a change by mqadmin', async () => {
      await start();
      metadata.isPublishable('mine');
      await mqadmin('ALL_FIRST_TOPICS', 'theirs');
      await settle();
      expect(lists()['ALL_FIRST_TOPICS']).to.equal('theirs,mine');
    });

    it('that mqadmin takes away may come back by use', async () => {
      await start();
      metadata.isPublishable('a');
      await settle();
      await mqadmin('ALL_FIRST_TOPICS', '');
      expect(changes).to.equal(1);
      expect(metadata.isPublishable('a')).to.equal(true);
      await settle();
      expect(lists()['ALL_FIRST_TOPICS']).to.equal('a');
    });

    it('that begin with $ are never created, and listening does not make them publishable [MQTT-4.7.2-1]', async () => {
      await mqadmin('ALL_FIRST_TOPICS', '$registered');
      await start();
      expect(metadata.subscribable('$SYS/x')).to.equal('OK');
      expect(metadata.subscribable('$SYS/#')).to.equal('OK');
      expect(metadata.isPublishable('$SYS/x')).to.equal(false);
      expect(metadata.isPublishable('$registered/x')).to.equal(true);
    });

    it('of the server are subscribed without registration and never published to, even when registered', async () => {
      await mqadmin('ALL_FIRST_TOPICS', '$SYS,$events');
      await start({ autoCreateTopic: false, autoCreateWildcard: false });
      for (const filter of ['$SYS/x', '$SYS/#', '$events/client_connected', '$events/+']) {
        expect(metadata.subscribable(filter), filter).to.equal('OK');
        await metadata.acquire(filter, true);
      }
      await settle();
      for (const topic of ['$SYS/x', '$events/client_connected']) {
        expect(metadata.isPublishable(topic), topic).to.equal(false);
      }
      expect(lists()).to.deep.equal({ ALL_FIRST_TOPICS: '$SYS,$events' });
    });

    it('named like another key are refused', async () => {
      await mqadmin('ALL_FIRST_TOPICS', 'LMQ_CONNECT_NODES,a/b,+');
      await start();
      expect(logged).to.have.length(3);
      for (const level of ['ALL_FIRST_TOPICS', 'LMQ_CONNECT_NODES']) {
        expect(metadata.publishDecision(`${level}/x`)).to.equal('RESERVED_FIRST_TOPIC');
        expect(metadata.subscribable(level)).to.equal('RESERVED_FIRST_TOPIC');
        expect(metadata.subscribable(`${level}/#`)).to.equal('RESERVED_FIRST_TOPIC');
      }
    });

    it('that a comma list cannot hold are usable and not written', async () => {
      await start();
      for (const topic of ['/finance', 'a,b/c', ' a']) {
        expect(metadata.isPublishable(topic)).to.equal(true);
      }
      await settle();
      await mqadmin('ALL_FIRST_TOPICS', 'x');
      expect(metadata.isPublishable('/finance')).to.equal(true);
      expect(lists()['ALL_FIRST_TOPICS']).to.equal('x');
    });

    it('are limited in number and in length', async () => {
      await start({ limits: { maxFirstTopics: 3, maxFirstTopicsLength: 10 } });
      expect(metadata.publishDecision('12345678901')).to.equal('LIMIT_REACHED');
      expect(['a', 'b', 'c'].map((topic) => metadata.isPublishable(topic))).to.not.include(false);
      expect(metadata.publishDecision('d')).to.equal('LIMIT_REACHED');
      expect(metadata.isPublishable('a')).to.equal(true);
    });

    it('stay usable when the KV config refuses the write, and are written with the next', async () => {
      await start();
      kv.refusal = new Error('disk full');
      metadata.isPublishable('a');
      await settle();
      expect(logged).to.deep.equal(['topic metadata not written']);
      expect(metadata.isPublishable('a')).to.equal(true);
      kv.refusal = undefined;
      metadata.isPublishable('b');
      await settle();
      expect(lists()['ALL_FIRST_TOPICS']).to.equal('a,b');
    });
  });

  describe('wildcards of the operator', () => {
    it('are pinned at start, invalid ones logged and skipped', async () => {
      await mqadmin('t', 't/+, t/a/# ,t/#/x,t/exact,other/+');
      await mqadmin('#', '#');
      await mqadmin('+', '+/x');
      await start(closed);
      expect(filters.pinned).to.have.members(['t/+', 't/a/#', '#', '+/x']);
      expect(logged).to.have.length(3);
      expect(metadata.subscribable('t/+')).to.equal('OK');
      expect(metadata.subscribable('#')).to.equal('OK');
      expect(metadata.subscribable('+/x')).to.equal('OK');
      expect(metadata.subscribable('t/#')).to.equal('UNREGISTERED_WILDCARD');
      expect(metadata.subscribable('+/y')).to.equal('UNREGISTERED_WILDCARD');
      expect(kv.writes).to.deep.equal([]);
    });

    it('are pinned and unpinned as mqadmin changes the list', async () => {
      await start(closed);
      await mqadmin('t', 't/+,t/#');
      expect(filters.pinned).to.deep.equal(['t/+', 't/#']);
      expect(changes).to.equal(1);
      await mqadmin('t', 't/#');
      expect(filters.pinned).to.deep.equal(['t/#']);
      expect(metadata.subscribable('t/+')).to.equal('UNREGISTERED_WILDCARD');
      await kv.delete('LMQ', 't');
      expect(filters.listFilters()).to.deep.equal([]);
      expect(changes).to.equal(3);
    });

    it('stay when their last use goes', async () => {
      await mqadmin('t', 't/+');
      await start();
      await metadata.acquire('t/+', true);
      metadata.release('t/+', true);
      await settle();
      expect(lists()['t']).to.equal('t/+');
      expect(filters.pinned).to.deep.equal(['t/+']);
      expect(kv.writes).to.deep.equal([]);
    });

    it('taken away while used become automatic', async () => {
      await mqadmin('t', 't/+');
      await start();
      await metadata.acquire('t/+', true);
      await kv.delete('LMQ', 't');
      await settle();
      expect(filters.pinned).to.deep.equal([]);
      expect(lists()['t']).to.equal('t/+');
      metadata.release('t/+', true);
      await settle();
      expect(lists()['t']).to.equal(undefined);
    });

    it('taken away while used are gone when none may be created', async () => {
      await mqadmin('t', 't/+');
      await start(closed);
      await metadata.acquire('t/+', true);
      await kv.delete('LMQ', 't');
      await settle();
      expect(metadata.subscribable('t/+')).to.equal('UNREGISTERED_WILDCARD');
      expect(lists()['t']).to.equal(undefined);
      metadata.release('t/+', true);
      expect(filters.listFilters()).to.deep.equal([]);
    });

    it('taken away while the gateway was down are unpinned at start', async () => {
      filters.pinFilter('t/+');
      await start();
      expect(filters.listFilters()).to.deep.equal([]);
    });
  });

  describe('automatic wildcards', () => {
    it('are in the list while used, many in one write, and unpinned', async () => {
      await start();
      await Promise.all(
        ['t/+', 't/#', 't/+', '#'].map((filter) => metadata.acquire(filter, false)),
      );
      expect(kv.writes).to.deep.equal([]);
      await settle();
      expect(lists()).to.deep.equal({ t: 't/+,t/#', '#': '#' });
      expect(kv.writes.filter(({ namespace }) => namespace === 'LMQ')).to.have.length(2);
      expect(filters.pinned).to.deep.equal([]);
      metadata.release('t/+', false);
      await settle();
      expect(lists()['t']).to.equal('t/+,t/#');
      metadata.release('t/+', false);
      metadata.release('t/#', false);
      metadata.release('#', false);
      await settle();
      expect(lists()).to.deep.equal({});
      expect(kv.list('LMQ_AUTOMATIC').size).to.equal(0);
      expect(changes).to.equal(0);
    });

    it('released and acquired again before the write stay', async () => {
      await start();
      await metadata.acquire('t/+', false);
      await settle();
      metadata.release('t/+', false);
      await metadata.acquire('t/+', false);
      await settle();
      expect(lists()['t']).to.equal('t/+');
    });

    it('stay beside what mqadmin writes, and what it writes is pinned', async () => {
      await start();
      await metadata.acquire('t/+', false);
      await settle();
      await mqadmin('t', 't/#');
      await settle();
      expect(lists()['t']).to.equal('t/#,t/+');
      expect(filters.pinned).to.deep.equal(['t/#']);
      metadata.release('t/+', false);
      await settle();
      expect(lists()['t']).to.equal('t/#');
    });

    it('that mqadmin writes too are pinned and stay', async () => {
      await start();
      await metadata.acquire('t/+', false);
      await settle();
      await mqadmin('t', 't/+');
      metadata.release('t/+', false);
      await settle();
      expect(filters.pinned).to.deep.equal(['t/+']);
      expect(lists()['t']).to.equal('t/+');
      expect(kv.list('LMQ_AUTOMATIC').size).to.equal(0);
    });

    it('leave unknown entries and the spelling of the operator alone', async () => {
      await mqadmin('t', 't/+ , bad#');
      await start();
      await metadata.acquire('t/+', false);
      await settle();
      expect(lists()['t']).to.equal('t/+ , bad#');
      await metadata.acquire('t/#', false);
      await settle();
      expect(lists()['t']).to.equal('t/+,bad#,t/#');
    });

    it('of durable sessions are automatic again after a restart', async () => {
      await start();
      await metadata.acquire('t/+', true);
      await metadata.stop();
      await start();
      expect(filters.pinned).to.deep.equal([]);
      expect(lists()['t']).to.equal('t/+');
      metadata.release('t/+', true);
      await settle();
      expect(lists()).to.deep.equal({});
    });

    it('that a crash left without uses go at the next start, those of the operator do not', async () => {
      await mqadmin('t', 't/#');
      await start();
      await metadata.acquire('t/+', false);
      await settle();
      expect(lists()['t']).to.equal('t/#,t/+');
      filters.table.delete('t/+');
      await start();
      expect(lists()['t']).to.equal('t/#');
      expect(filters.pinned).to.deep.equal(['t/#']);
    });

    it('that a comma list cannot hold work and are not written', async () => {
      await start();
      await metadata.acquire('a,b/+', true);
      await settle();
      expect(lists()).to.deep.equal({});
      expect(metadata.subscribable('a,b/+')).to.equal('OK');
    });

    it('are refused over the limit, as long as they are new', async () => {
      await start({ limits: { maxAutomaticWildcards: 1 } });
      await metadata.acquire('t/+', false);
      expect(metadata.subscribable('t/+')).to.equal('OK');
      expect(metadata.subscribable('t/#')).to.equal(TopicDecision.LIMIT_REACHED);
      metadata.release('t/+', false);
      expect(metadata.subscribable('t/#')).to.equal('OK');
    });

    it('are limited by the bytes that their lists take in the KV config', async () => {
      await start({ limits: { maxAutomaticWildcardsLength: 12 } });
      await metadata.acquire('温度/+', false);
      expect(metadata.subscribable('t/#')).to.equal('OK');
      expect(metadata.subscribable('温/#')).to.equal(TopicDecision.LIMIT_REACHED);
      metadata.release('温度/+', false);
      expect(metadata.subscribable('温/#')).to.equal('OK');
    });

    it('are not registered when the store refuses the filter', async () => {
      await start();
      filters.refusal = new Error('store closed');
      const error: unknown = await metadata
        .acquire('t/+', false)
        .catch((thrown: unknown) => thrown);
      expect(error).to.equal(filters.refusal);
      await settle();
      expect(lists()).to.deep.equal({});
    });

    it('are not made of exact filters', async () => {
      await start();
      const [queue] = await metadata.acquire('t/a', true);
      expect(queue?.name).to.equal('t/a');
      metadata.release('t/a', true);
      await settle();
      expect(lists()).to.deep.equal({});
    });
  });

  describe('LMQ_CONNECT_NODES', () => {
    it("has this node's address from register to unregister, beside those of others", async () => {
      await mqadmin('LMQ_CONNECT_NODES', '10.0.0.1, 10.0.0.2');
      await start();
      await metadata.registerNode('10.0.0.3');
      expect(lists()['LMQ_CONNECT_NODES']).to.equal('10.0.0.1,10.0.0.2,10.0.0.3');
      await mqadmin('LMQ_CONNECT_NODES', '10.0.0.3,10.0.0.4');
      await metadata.unregisterNode('10.0.0.3');
      expect(lists()['LMQ_CONNECT_NODES']).to.equal('10.0.0.4');
      expect(changes).to.equal(0);
    });

    it('goes with its last address', async () => {
      await start();
      await Promise.all([metadata.registerNode('a'), metadata.registerNode('b')]);
      expect(lists()['LMQ_CONNECT_NODES']).to.equal('a,b');
      await Promise.all([metadata.unregisterNode('a'), metadata.unregisterNode('b')]);
      expect(lists()).to.deep.equal({});
    });
  });

  it('writes what is left when it stops', async () => {
    await start();
    metadata.isPublishable('a');
    await metadata.stop();
    expect(lists()['ALL_FIRST_TOPICS']).to.equal('a');
    await mqadmin('t', 't/+');
    expect(filters.pinned).to.deep.equal([]);
  });
});
