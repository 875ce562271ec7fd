import { expect } from 'chai';
import sinon from 'sinon';
import { hex, publish, pubrel, type QoS } from '../../../helpers/packets.ts';
import { ack5, publish5 } from '../../../helpers/packets5.ts';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { connected5 } from '../fake-client5.ts';
import { World } from '../gateway-world.ts';

describe('gateway: PublishReceiver', () => {
  it('forwards runs of QoS 0 in order across topics', async () => {
    const world = new World();
    const client = await world.subscribed({ clientId: 's' }, ['#', 0]);
    const publisher = await world.connected({ clientId: 'p' });
    const topics = ['a', 'a', 'b', 'a', 'a', 'a', 'c', 'b'];
    const packets = topics.map((topic, i) => publish({ topic, payload: String(i) }));
    await publisher.exchange(...packets);
    const received = await client.publishes();
    expect(received.map(({ topic, payload }) => [topic, payload.toString()])).to.deep.equal(
      topics.map((topic, i) => [topic, String(i)]),
    );
    expect(world.stats.messagesSent).to.equal(8);
    expect(world.stats.messagesReceived).to.equal(8);
  });

  it('keeps the order of each QoS for a subscriber at QoS 0, split at any byte', async () => {
    const world = new World();
    const client = await world.subscribed({ clientId: 's' }, ['t', 0]);
    const publisher = await world.connected({ clientId: 'p' });
    const qos: QoS[] = [0, 0, 1, 0, 2, 2, 0, 1, 0];
    const bytes = Buffer.concat(
      qos.map((q, i) => publish({ topic: 't', qos: q, id: i + 1, payload: String(i) })),
    );
    for (let cut = 1; cut < bytes.length; cut += 3) {
      publisher.channel.session!.received.in(0)?.clear();
      await publisher.exchange(bytes.subarray(0, cut));
      await publisher.exchange(bytes.subarray(cut));
      const received = await client.publishes();
      const payloads = received.map(({ payload }) => payload.toString());
      expect(payloads, `cut at ${String(cut)}`).to.deep.equal(qos.map((_, i) => String(i)));
      expect(new Set(received.map((message) => message.qos))).to.deep.equal(new Set([0]));
    }
  });

  it('takes RETAIN out of what goes to live subscribers [MQTT-3.3.1-9]', async () => {
    const world = new World();
    const clients = [
      await world.subscribed({ clientId: 'zero' }, ['t', 0]),
      await world.subscribed({ clientId: 'two' }, ['t', 2]),
    ];
    const publisher = await world.connected({ clientId: 'p' });
    await publisher.exchange(
      publish({ topic: 't', payload: '0', retain: true }),
      publish({ topic: 't', payload: '1', retain: true, qos: 1, id: 1 }),
      publish({ topic: 't', payload: '2' }),
    );
    for (const client of clients) {
      const received = await client.publishes();
      expect(received.map(({ retain }) => retain)).to.deep.equal([false, false, false]);
    }
  });

  it('takes a QoS 2 message once until PUBREL, also on a new connection [MQTT-4.3.3-2]', async () => {
    const world = new World();
    const client = await world.subscribed({ clientId: 's' }, ['t', 2]);
    const publisher = await world.connected({ clientId: 'p', clean: false });
    const message = { topic: 't', qos: 2 as const, id: 5 };
    await publisher.exchange(publish(message), publish({ ...message, dup: true }));
    await publisher.lose();
    const again = await world.connected({ clientId: 'p', clean: false });
    expect(await again.exchange(publish({ ...message, dup: true }))).to.deep.equal([
      { type: 'pubrec', id: 5 },
    ]);
    expect(await client.publishes()).to.have.length(1);
    expect(await again.exchange(pubrel(5))).to.deep.equal([{ type: 'pubcomp', id: 5 }]);
    await again.exchange(publish(message));
    expect(await client.publishes()).to.have.length(1);
    expect(world.stats.duplicatesReceived).to.equal(2);
  });

  it('says of a QoS 2 message that came before that it came, though its topic is refused by now [MQTT5-4.3.3-9] [MQTT5-4.3.3-10]', async () => {
    const world = new World({ autoCreateTopic: false });
    await world.kv.put('LMQ', 'ALL_FIRST_TOPICS', 't,u');
    await world.metadata.start();
    const four = await world.connected({ clientId: 'four' });
    const five = await connected5(world, { clientId: 'five' });
    const message = { topic: 't', qos: 2, id: 5 } as const;
    await four.exchange(publish(message));
    await five.exchange(publish5(message));
    await world.kv.put('LMQ', 'ALL_FIRST_TOPICS', 'u');
    expect(await four.exchange(publish({ ...message, dup: true }))).to.deep.equal([
      { type: 'pubrec', id: 5 },
    ]);
    const answers = await five.exchange(
      publish5({ ...message, dup: true }),
      publish5({ ...message, id: 6 }),
      ack5('pubrel', 5),
      publish5({ ...message, topic: 'u' }),
    );
    expect(answers.map((packet) => [packet.type, 'code' in packet && packet.code])).to.deep.equal([
      ['pubrec', ReasonCode.SUCCESS],
      ['pubrec', ReasonCode.TOPIC_NAME_INVALID],
      ['pubcomp', ReasonCode.SUCCESS],
      ['pubrec', ReasonCode.SUCCESS],
    ]);
    expect(world.store.stats.recordsAppended).to.equal(3);
    await four.exchange(publish({ ...message, id: 6 }));
    expect(four.closed).to.equal(true);
    await world.metadata.stop();
  });

  it('takes the same QoS 1 identifier as often as it comes', async () => {
    const world = new World();
    const client = await world.subscribed({ clientId: 's' }, ['t', 1]);
    const publisher = await world.connected({ clientId: 'p' });
    const packet = publish({ topic: 't', qos: 1, id: 5 });
    expect(await publisher.exchange(packet, packet)).to.have.length(2);
    expect(await client.publishes()).to.have.length(2);
  });

  it('forwards what was good before a malformed packet, and closes', async () => {
    const malformed = {
      'QoS 3 [MQTT-3.3.1-4]': '36 05 00 01 74 00 01',
      'DUP with QoS 0 [MQTT-3.3.1-2]': '38 03 00 01 74',
      'identifier 0 [MQTT-2.3.1-1]': '32 05 00 01 74 00 00',
      'no topic length': '30 01 00',
      'nothing at all': '30 00',
      'topic longer than the packet': '30 03 00 05 74',
      'no room for the identifier': '32 04 00 01 74 00',
      'empty topic [MQTT-4.7.3-1]': '30 02 00 00',
      'wildcard in the topic [MQTT-3.3.2-2]': '30 03 00 01 23',
      'U+0000 in the topic [MQTT-1.5.3-2]': '30 03 00 01 00',
    };
    for (const [name, bytes] of Object.entries(malformed)) {
      const world = new World();
      const client = await world.subscribed({ clientId: 's' }, ['t', 0]);
      const publisher = await world.connected({ clientId: 'p' });
      await publisher.exchange(publish({ topic: 't' }), hex(bytes), publish({ topic: 't' }));
      expect(publisher.closed, name).to.equal(true);
      expect(await client.publishes(), name).to.have.length(1);
      expect(world.stats.protocolErrors, name).to.equal(1);
    }
  });

  it('does not store QoS 0 when it is told not to', async () => {
    for (const storeQos0 of [true, false]) {
      const world = new World({ storeQos0 });
      const publisher = await world.connected({ clientId: 'p' });
      await publisher.exchange(publish({ topic: 't' }), publish({ topic: 't', qos: 1, id: 1 }));
      expect(world.store.stats.recordsAppended).to.equal(storeQos0 ? 2 : 1);
    }
  });

  it('goes by what is registered now, also for the topic of the packet before', async () => {
    const world = new World({ autoCreateTopic: false });
    await world.kv.put('LMQ', 'ALL_FIRST_TOPICS', 't');
    await world.metadata.start();
    const publisher = await world.connected({ clientId: 'p' });
    await publisher.exchange(publish({ topic: 't' }));
    expect(publisher.closed).to.equal(false);
    await world.kv.put('LMQ', 'ALL_FIRST_TOPICS', 'u');
    await publisher.exchange(publish({ topic: 't' }));
    expect(publisher.closed).to.equal(true);
    await world.metadata.stop();
  });

  it('goes by what is registered now, also for topics in turn and behind aliases', async () => {
    const world = new World({ autoCreateTopic: false });
    await world.kv.put('LMQ', 'ALL_FIRST_TOPICS', 't,u,v');
    await world.metadata.start();
    const four = await world.connected({ clientId: 'four' });
    const five = await connected5(world, { clientId: 'five' });
    const turn = ['t', 'u', 'v'].map((topic) => publish({ topic, qos: 1, id: 1 }));
    await four.exchange(...turn, ...turn);
    const aliases = ['t', 'u'].map((topic, i) =>
      publish5({ topic, qos: 1, id: 1, properties: [['topicAlias', i + 1]] }),
    );
    const aliased = (id: number): Buffer =>
      publish5({ topic: '', qos: 1, id, properties: [['topicAlias', id]] });
    await five.exchange(...aliases, aliased(1), aliased(2), aliased(1));
    expect([four.closed, five.closed, world.store.stats.recordsAppended]).to.deep.equal([
      false,
      false,
      11,
    ]);
    await world.kv.put('LMQ', 'ALL_FIRST_TOPICS', 'u,v');
    const answers = await five.exchange(aliased(1), aliased(2));
    expect(answers.map((packet) => 'code' in packet && packet.code)).to.deep.equal([
      ReasonCode.TOPIC_NAME_INVALID,
      ReasonCode.SUCCESS,
    ]);
    await four.exchange(...turn);
    expect(four.closed).to.equal(true);
    await world.metadata.stop();
  });

  it('asks the authorizer once per topic', async () => {
    const authorize = sinon.fake.returns(true);
    const world = new World({ authorizer: { authorize } });
    const publisher = await world.connected({ clientId: 'p' });
    for (const topic of ['a', 'b', 'a', 'b', 'a']) await publisher.exchange(publish({ topic }));
    expect(authorize.callCount).to.equal(2);
  });

  it('delivers what the publisher itself has subscribed', async () => {
    const world = new World();
    const client = await world.subscribed({}, ['t', 0], ['u', 1]);
    const packets = await client.exchange(
      publish({ topic: 't', payload: 'a' }),
      publish({ topic: 'u', qos: 1, id: 1, payload: 'b' }),
    );
    expect(packets.map(({ type }) => type)).to.have.members(['publish', 'puback', 'publish']);
  });
});
