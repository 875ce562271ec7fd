import { expect } from 'chai';
import { closed, TestedTopics } from './tested-topics.ts';

describe('TopicMetadata', () => {
  let topics: TestedTopics;

  beforeEach(() => {
    topics = new TestedTopics();
  });

  afterEach(() => topics.stop());

  describe('first topics', () => {
    it('are those of ALL_FIRST_TOPICS when none may be created', async () => {
      await topics.mqadmin('ALL_FIRST_TOPICS', ' a , b,,');
      await topics.start(closed);
      expect(topics.metadata.isPublishable('a')).to.equal(true);
      expect(topics.metadata.isPublishable('b/c')).to.equal(true);
      expect(topics.metadata.isPublishable('c/b')).to.equal(false);
      expect(topics.metadata.publishDecision('toString')).to.equal('UNKNOWN_FIRST_TOPIC');
      expect(topics.metadata.subscribable('a/b')).to.equal('OK');
      expect(topics.metadata.subscribable('c/b')).to.equal('UNKNOWN_FIRST_TOPIC');
      expect(topics.kv.writes).to.deep.equal([]);
    });

    it('are created by use, at once here and by one write in the KV config', async () => {
      await topics.mqadmin('ALL_FIRST_TOPICS', 'a, b');
      await topics.start();
      for (const topic of ['a/x', 'c/x', 'd', 'c']) {
        expect(topics.metadata.isPublishable(topic)).to.equal(true);
      }
      expect(topics.metadata.subscribable('e/+')).to.equal('OK');
      expect(topics.metadata.subscribable('f/x')).to.equal('OK');
      expect(topics.kv.writes).to.deep.equal([]);
      await topics.settle();
      expect(topics.kv.writes).to.have.length(1);
      expect(topics.lists()['ALL_FIRST_TOPICS']).to.equal('a,b,c,d,e,f');
      expect(topics.changes).to.equal(0);
      expect(topics.clock.timers).to.equal(0);
    });

    it('change at once when mqadmin changes the list', async () => {
      await topics.mqadmin('ALL_FIRST_TOPICS', 'a');
      await topics.start(closed);
      await topics.mqadmin('ALL_FIRST_TOPICS', 'b');
      expect(topics.metadata.isPublishable('a')).to.equal(false);
      expect(topics.metadata.isPublishable('b')).to.equal(true);
      expect(topics.changes).to.equal(1);
      await topics.mqadmin('ALL_FIRST_TOPICS', 'b');
      expect(topics.changes).to.equal(1);
      await topics.kv.delete('LMQ', 'ALL_FIRST_TOPICS');
      expect(topics.metadata.isPublishable('b')).to.equal(false);
    });

    it('that are being written survive a change by mqadmin', async () => {
      await topics.start();
      topics.metadata.isPublishable('mine');
      await topics.mqadmin('ALL_FIRST_TOPICS', 'theirs');
      await topics.settle();
      expect(topics.lists()['ALL_FIRST_TOPICS']).to.equal('theirs,mine');
    });

    it('that mqadmin takes away may come back by use', async () => {
      await topics.start();
      topics.metadata.isPublishable('a');
      await topics.settle();
      await topics.mqadmin('ALL_FIRST_TOPICS', '');
      expect(topics.changes).to.equal(1);
      expect(topics.metadata.isPublishable('a')).to.equal(true);
      await topics.settle();
      expect(topics.lists()['ALL_FIRST_TOPICS']).to.equal('a');
    });

    it('that begin with $ are never created, and listening does not make them publishable [MQTT-4.7.2-1]', async () => {
      await topics.mqadmin('ALL_FIRST_TOPICS', '$registered');
      await topics.start();
      expect(topics.metadata.subscribable('$SYS/x')).to.equal('OK');
      expect(topics.metadata.subscribable('$SYS/#')).to.equal('OK');
      expect(topics.metadata.isPublishable('$SYS/x')).to.equal(false);
      expect(topics.metadata.isPublishable('$registered/x')).to.equal(true);
    });

    it('of the server are subscribed without registration and never published to, even when registered', async () => {
      await topics.mqadmin('ALL_FIRST_TOPICS', '$SYS,$events');
      await topics.start({ autoCreateTopic: false, autoCreateWildcard: false });
      for (const filter of ['$SYS/x', '$SYS/#', '$events/client_connected', '$events/+']) {
        expect(topics.metadata.subscribable(filter), filter).to.equal('OK');
        await topics.metadata.acquire(filter, true);
      }
      await topics.settle();
      for (const topic of ['$SYS/x', '$events/client_connected']) {
        expect(topics.metadata.isPublishable(topic), topic).to.equal(false);
      }
      expect(topics.lists()).to.deep.equal({ ALL_FIRST_TOPICS: '$SYS,$events' });
    });

    it('named like another key are refused', async () => {
      await topics.mqadmin('ALL_FIRST_TOPICS', 'LMQ_CONNECT_NODES,a/b,+');
      await topics.start();
      expect(topics.logged).to.have.length(3);
      for (const level of ['ALL_FIRST_TOPICS', 'LMQ_CONNECT_NODES']) {
        expect(topics.metadata.publishDecision(`${level}/x`)).to.equal('RESERVED_FIRST_TOPIC');
        expect(topics.metadata.subscribable(level)).to.equal('RESERVED_FIRST_TOPIC');
        expect(topics.metadata.subscribable(`${level}/#`)).to.equal('RESERVED_FIRST_TOPIC');
      }
    });

    it('that a comma list cannot hold are usable and not written', async () => {
      await topics.start();
      for (const topic of ['/finance', 'a,b/c', ' a']) {
        expect(topics.metadata.isPublishable(topic)).to.equal(true);
      }
      await topics.settle();
      await topics.mqadmin('ALL_FIRST_TOPICS', 'x');
      expect(topics.metadata.isPublishable('/finance')).to.equal(true);
      expect(topics.lists()['ALL_FIRST_TOPICS']).to.equal('x');
    });

    it('are limited in number and in length', async () => {
      await topics.start({ limits: { maxFirstTopics: 3, maxFirstTopicsLength: 10 } });
      expect(topics.metadata.publishDecision('12345678901')).to.equal('LIMIT_REACHED');
      expect(['a', 'b', 'c'].map((topic) => topics.metadata.isPublishable(topic))).to.not.include(
        false,
      );
      expect(topics.metadata.publishDecision('d')).to.equal('LIMIT_REACHED');
      expect(topics.metadata.isPublishable('a')).to.equal(true);
    });

    it('stay usable when the KV config refuses the write, and are written with the next', async () => {
      await topics.start();
      topics.kv.refusal = new Error('disk full');
      topics.metadata.isPublishable('a');
      await topics.settle();
      expect(topics.logged).to.deep.equal(['topic metadata not written']);
      expect(topics.metadata.isPublishable('a')).to.equal(true);
      topics.kv.refusal = undefined;
      topics.metadata.isPublishable('b');
      await topics.settle();
      expect(topics.lists()['ALL_FIRST_TOPICS']).to.equal('a,b');
    });
  });

  describe('LMQ_CONNECT_NODES', () => {
    it("has this node's address from register to unregister, beside those of others", async () => {
      await topics.mqadmin('LMQ_CONNECT_NODES', '10.0.0.1, 10.0.0.2');
      await topics.start();
      await topics.metadata.registerNode('10.0.0.3');
      expect(topics.lists()['LMQ_CONNECT_NODES']).to.equal('10.0.0.1,10.0.0.2,10.0.0.3');
      await topics.mqadmin('LMQ_CONNECT_NODES', '10.0.0.3,10.0.0.4');
      await topics.metadata.unregisterNode('10.0.0.3');
      expect(topics.lists()['LMQ_CONNECT_NODES']).to.equal('10.0.0.4');
      expect(topics.changes).to.equal(0);
    });

    it('goes with its last address', async () => {
      await topics.start();
      await Promise.all([topics.metadata.registerNode('a'), topics.metadata.registerNode('b')]);
      expect(topics.lists()['LMQ_CONNECT_NODES']).to.equal('a,b');
      await Promise.all([topics.metadata.unregisterNode('a'), topics.metadata.unregisterNode('b')]);
      expect(topics.lists()).to.deep.equal({});
    });
  });

  it('writes what is left when it stops', async () => {
    await topics.start();
    topics.metadata.isPublishable('a');
    await topics.metadata.stop();
    expect(topics.lists()['ALL_FIRST_TOPICS']).to.equal('a');
    await topics.mqadmin('t', 't/+');
    expect(topics.filters.pinned).to.deep.equal([]);
  });
});
