import { expect } from 'chai';
import { TopicDecision } from '../../../../src/gateway/routing/topic-decision.ts';
import { closed, TestedTopics } from './tested-topics.ts';

describe('TopicMetadata', () => {
  let topics: TestedTopics;

  beforeEach(() => {
    topics = new TestedTopics();
  });

  afterEach(() => topics.stop());

  describe('wildcards of the operator', () => {
    it('are pinned at start, invalid ones logged and skipped', async () => {
      await topics.mqadmin('t', 't/+, t/a/# ,t/#/x,t/exact,other/+');
      await topics.mqadmin('#', '#');
      await topics.mqadmin('+', '+/x');
      await topics.start(closed);
      expect(topics.filters.pinned).to.have.members(['t/+', 't/a/#', '#', '+/x']);
      expect(topics.logged).to.have.length(3);
      expect(topics.metadata.subscribable('t/+')).to.equal('OK');
      expect(topics.metadata.subscribable('#')).to.equal('OK');
      expect(topics.metadata.subscribable('+/x')).to.equal('OK');
      expect(topics.metadata.subscribable('t/#')).to.equal('UNREGISTERED_WILDCARD');
      expect(topics.metadata.subscribable('+/y')).to.equal('UNREGISTERED_WILDCARD');
      expect(topics.kv.writes).to.deep.equal([]);
    });

    it('are pinned and unpinned as mqadmin changes the list', async () => {
      await topics.start(closed);
      await topics.mqadmin('t', 't/+,t/#');
      expect(topics.filters.pinned).to.deep.equal(['t/+', 't/#']);
      expect(topics.changes).to.equal(1);
      await topics.mqadmin('t', 't/#');
      expect(topics.filters.pinned).to.deep.equal(['t/#']);
      expect(topics.metadata.subscribable('t/+')).to.equal('UNREGISTERED_WILDCARD');
      await topics.kv.delete('LMQ', 't');
      expect(topics.filters.listFilters()).to.deep.equal([]);
      expect(topics.changes).to.equal(3);
    });

    it('stay when their last use goes', async () => {
      await topics.mqadmin('t', 't/+');
      await topics.start();
      await topics.metadata.acquire('t/+', true);
      topics.metadata.release('t/+', true);
      await topics.settle();
      expect(topics.lists()['t']).to.equal('t/+');
      expect(topics.filters.pinned).to.deep.equal(['t/+']);
      expect(topics.kv.writes).to.deep.equal([]);
    });

    it('taken away while used become automatic', async () => {
      await topics.mqadmin('t', 't/+');
      await topics.start();
      await topics.metadata.acquire('t/+', true);
      await topics.kv.delete('LMQ', 't');
      await topics.settle();
      expect(topics.filters.pinned).to.deep.equal([]);
      expect(topics.lists()['t']).to.equal('t/+');
      topics.metadata.release('t/+', true);
      await topics.settle();
      expect(topics.lists()['t']).to.equal(undefined);
    });

    it('taken away while used are gone when none may be created', async () => {
      await topics.mqadmin('t', 't/+');
      await topics.start(closed);
      await topics.metadata.acquire('t/+', true);
      await topics.kv.delete('LMQ', 't');
      await topics.settle();
      expect(topics.metadata.subscribable('t/+')).to.equal('UNREGISTERED_WILDCARD');
      expect(topics.lists()['t']).to.equal(undefined);
      topics.metadata.release('t/+', true);
      expect(topics.filters.listFilters()).to.deep.equal([]);
    });

    it('taken away while the gateway was down are unpinned at start', async () => {
      topics.filters.pinFilter('t/+');
      await topics.start();
      expect(topics.filters.listFilters()).to.deep.equal([]);
    });
  });

  describe('automatic wildcards', () => {
    it('are in the list while used, many in one write, and unpinned', async () => {
      await topics.start();
      await Promise.all(
        ['t/+', 't/#', 't/+', '#'].map((filter) => topics.metadata.acquire(filter, false)),
      );
      expect(topics.kv.writes).to.deep.equal([]);
      await topics.settle();
      expect(topics.lists()).to.deep.equal({ t: 't/+,t/#', '#': '#' });
      expect(topics.kv.writes.filter(({ namespace }) => namespace === 'LMQ')).to.have.length(2);
      expect(topics.filters.pinned).to.deep.equal([]);
      topics.metadata.release('t/+', false);
      await topics.settle();
      expect(topics.lists()['t']).to.equal('t/+,t/#');
      topics.metadata.release('t/+', false);
      topics.metadata.release('t/#', false);
      topics.metadata.release('#', false);
      await topics.settle();
      expect(topics.lists()).to.deep.equal({});
      expect(topics.kv.list('LMQ_AUTOMATIC').size).to.equal(0);
      expect(topics.changes).to.equal(0);
    });

    it('released and acquired again before the write stay', async () => {
      await topics.start();
      await topics.metadata.acquire('t/+', false);
      await topics.settle();
      topics.metadata.release('t/+', false);
      await topics.metadata.acquire('t/+', false);
      await topics.settle();
      expect(topics.lists()['t']).to.equal('t/+');
    });

    it('stay beside what mqadmin writes, and what it writes is pinned', async () => {
      await topics.start();
      await topics.metadata.acquire('t/+', false);
      await topics.settle();
      await topics.mqadmin('t', 't/#');
      await topics.settle();
      expect(topics.lists()['t']).to.equal('t/#,t/+');
      expect(topics.filters.pinned).to.deep.equal(['t/#']);
      topics.metadata.release('t/+', false);
      await topics.settle();
      expect(topics.lists()['t']).to.equal('t/#');
    });

    it('that mqadmin writes too are pinned and stay', async () => {
      await topics.start();
      await topics.metadata.acquire('t/+', false);
      await topics.settle();
      await topics.mqadmin('t', 't/+');
      topics.metadata.release('t/+', false);
      await topics.settle();
      expect(topics.filters.pinned).to.deep.equal(['t/+']);
      expect(topics.lists()['t']).to.equal('t/+');
      expect(topics.kv.list('LMQ_AUTOMATIC').size).to.equal(0);
    });

    it('leave unknown entries and the spelling of the operator alone', async () => {
      await topics.mqadmin('t', 't/+ , bad#');
      await topics.start();
      await topics.metadata.acquire('t/+', false);
      await topics.settle();
      expect(topics.lists()['t']).to.equal('t/+ , bad#');
      await topics.metadata.acquire('t/#', false);
      await topics.settle();
      expect(topics.lists()['t']).to.equal('t/+,bad#,t/#');
    });

    it('of durable sessions are automatic again after a restart', async () => {
      await topics.start();
      await topics.metadata.acquire('t/+', true);
      await topics.metadata.stop();
      await topics.start();
      expect(topics.filters.pinned).to.deep.equal([]);
      expect(topics.lists()['t']).to.equal('t/+');
      topics.metadata.release('t/+', true);
      await topics.settle();
      expect(topics.lists()).to.deep.equal({});
    });

    it('that a crash left without uses go at the next start, those of the operator do not', async () => {
      await topics.mqadmin('t', 't/#');
      await topics.start();
      await topics.metadata.acquire('t/+', false);
      await topics.settle();
      expect(topics.lists()['t']).to.equal('t/#,t/+');
      topics.filters.table.delete('t/+');
      await topics.start();
      expect(topics.lists()['t']).to.equal('t/#');
      expect(topics.filters.pinned).to.deep.equal(['t/#']);
    });

    it('that a comma list cannot hold work and are not written', async () => {
      await topics.start();
      await topics.metadata.acquire('a,b/+', true);
      await topics.settle();
      expect(topics.lists()).to.deep.equal({});
      expect(topics.metadata.subscribable('a,b/+')).to.equal('OK');
    });

    it('are refused over the limit, as long as they are new', async () => {
      await topics.start({ limits: { maxAutomaticWildcards: 1 } });
      await topics.metadata.acquire('t/+', false);
      expect(topics.metadata.subscribable('t/+')).to.equal('OK');
      expect(topics.metadata.subscribable('t/#')).to.equal(TopicDecision.LIMIT_REACHED);
      topics.metadata.release('t/+', false);
      expect(topics.metadata.subscribable('t/#')).to.equal('OK');
    });

    it('are limited by the bytes that their lists take in the KV config', async () => {
      await topics.start({ limits: { maxAutomaticWildcardsLength: 12 } });
      await topics.metadata.acquire('温度/+', false);
      expect(topics.metadata.subscribable('t/#')).to.equal('OK');
      expect(topics.metadata.subscribable('温/#')).to.equal(TopicDecision.LIMIT_REACHED);
      topics.metadata.release('温度/+', false);
      expect(topics.metadata.subscribable('温/#')).to.equal('OK');
    });

    it('are not registered when the store refuses the filter', async () => {
      await topics.start();
      topics.filters.refusal = new Error('store closed');
      const error: unknown = await topics.metadata
        .acquire('t/+', false)
        .catch((thrown: unknown) => thrown);
      expect(error).to.equal(topics.filters.refusal);
      await topics.settle();
      expect(topics.lists()).to.deep.equal({});
    });

    it('are not made of exact filters', async () => {
      await topics.start();
      const [queue] = await topics.metadata.acquire('t/a', true);
      expect(queue?.name).to.equal('t/a');
      topics.metadata.release('t/a', true);
      await topics.settle();
      expect(topics.lists()).to.deep.equal({});
    });
  });
});
