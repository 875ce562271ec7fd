import { expect } from 'chai';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { LiveSubscriptions } from '../../../../src/gateway/routing/live-subscriptions.ts';
import { TopicTable } from '../../../../src/gateway/routing/topic-table.ts';
import { InflightWindow } from '../../../../src/gateway/session/inflight-window.ts';
import { Session, type SessionSubscription } from '../../../../src/gateway/session/session.ts';
import { Subscription } from '../../../../src/gateway/session/subscription.ts';
import { hex } from '../../../helpers/packets.ts';
import { protocolErrorOf } from '../codec/packets.ts';
import { World } from '../gateway-world.ts';

function subscription(filter: string, qos: number): SessionSubscription {
  const session = new Session('c', false, 0, new InflightWindow(1), 0);
  return new Subscription(session, filter, undefined as never, qos);
}

function make() {
  const world = new World();
  const live = new LiveSubscriptions();
  const table = new TopicTable(world.store, live, world.metadata, {
    maxTopicLevels: 5,
    maxTopicLength: 65_535,
  });
  const find = (name: string | Buffer) => {
    const bytes = Buffer.concat([hex('ff'), Buffer.from(name as string), hex('ff')]);
    return table.lookUp(bytes, 1, bytes.length - 1);
  };
  return { world, live, table, find };
}

describe('gateway: TopicTable', () => {
  it('remembers names, and tells apart what differs in any byte', () => {
    const { find, table } = make();
    const entry = find('t/ä');
    expect(entry.name).to.equal('t/ä');
    expect(entry.bytes).to.deep.equal(Buffer.from('t/ä'));
    expect(find('t/ä')).to.equal(entry);
    expect(find('t/a')).not.to.equal(entry);
    expect(find('t/ä/')).not.to.equal(entry);
    expect(table.size).to.equal(3);
  });

  it('refuses names that MQTT does not allow [MQTT-3.3.2-2] [MQTT-1.5.3-1] [MQTT-1.5.3-2]', () => {
    const { find, table } = make();
    for (const [name, reasonCode] of [
      ['a/+', ReasonCode.TOPIC_NAME_INVALID],
      ['#', ReasonCode.TOPIC_NAME_INVALID],
      ['', ReasonCode.TOPIC_NAME_INVALID],
      ['a/b/c/d/e/f', ReasonCode.TOPIC_NAME_INVALID],
      [hex('61 00'), ReasonCode.MALFORMED_PACKET],
      [hex('c3 28'), ReasonCode.MALFORMED_PACKET],
      [hex('ed a0 80'), ReasonCode.MALFORMED_PACKET],
    ] as const) {
      expect(protocolErrorOf(() => find(name)).reasonCode).to.equal(reasonCode);
    }
    expect(table.size).to.equal(0);
  });

  it('refuses a first level that is not registered', () => {
    const world = new World({ autoCreateTopic: false });
    const bytes = Buffer.from('unknown/x');
    const error = protocolErrorOf(() => world.context.topics.lookUp(bytes, 0, bytes.length));
    expect(error.reasonCode).to.equal(ReasonCode.TOPIC_NAME_INVALID);
  });

  it('matches again when subscriptions have come or gone', () => {
    const { find, live } = make();
    expect(find('a/b').all).to.deep.equal([]);
    const [exact, wild] = [subscription('a/b', 1), subscription('a/+', 0)];
    live.add(exact);
    live.add(wild);
    expect(find('a/b').all).to.have.members([exact, wild]);
    expect(find('a/b').atQos0).to.deep.equal([wild]);
    live.remove(wild);
    expect(find('a/b').all).to.deep.equal([exact]);
    expect(find('a/b').atQos0).to.deep.equal([]);
  });

  it('matches nobody with a P2P topic, whose record goes to its peer', () => {
    const { find, live } = make();
    live.add(subscription('#', 0));
    const entry = find('a/p2p/me');
    expect(entry.peer).to.equal('me');
    expect(entry.all).to.deep.equal([]);
  });

  it('forgets everything when what is registered changes', async () => {
    const world = new World();
    const { topics } = world.context;
    await world.metadata.start();
    const bytes = Buffer.from('t/x');
    const entry = topics.lookUp(bytes, 0, 3);
    const { generation } = topics;
    await world.kv.put('LMQ', 't', 't/+');
    expect(topics.generation).not.to.equal(generation);
    expect(topics.lookUp(bytes, 0, 3)).not.to.equal(entry);
    await world.metadata.stop();
  });

  it('does not remember more than fits its memory, however long the names are', function () {
    // 90 MB of names: seconds on a busy machine.
    this.timeout(60_000);
    const { find, table } = make();
    const { generation } = table;
    let most = 0;
    for (let i = 0; i < 1500; i++) {
      find(`t/${String(i)}${'x'.repeat(60_000)}`);
      most = Math.max(most, table.size);
    }
    expect(most).to.be.within(100, 300);
    expect(table.generation).to.be.above(generation);
  });

  it('does not remember more subscribers than fit its memory', function () {
    this.timeout(60_000);
    const { find, live, table } = make();
    for (let i = 0; i < 1000; i++) live.add(subscription('#', 0));
    for (let i = 0; i < 5000; i++) expect(find(`t/${String(i)}`).all).to.have.length(1000);
    expect(table.size).to.be.below(2500);
  });
});

describe('gateway: LiveSubscriptions', () => {
  it('matches exact filters and wildcards, and nothing that was removed', () => {
    const live = new LiveSubscriptions();
    const all = ['a/b', 'a/b', 'a/+', '#', '+/b', 'a/b/#'].map((filter) => subscription(filter, 1));
    for (const one of all) live.add(one);
    const matched = (topic: string) => {
      const found: SessionSubscription[] = [];
      live.match(topic, (one) => found.push(one));
      return found;
    };
    expect(matched('a/b')).to.have.members(all);
    expect(matched('a/c')).to.have.members([all[2], all[3]]);
    expect(matched('$SYS/b')).to.deep.equal([]);
    expect(live.size).to.equal(6);
    const { version } = live;
    for (const one of all) live.remove(one);
    expect(matched('a/b')).to.deep.equal([]);
    expect(live.size).to.equal(0);
    expect(live.version).to.equal(version + 6);
  });
});
