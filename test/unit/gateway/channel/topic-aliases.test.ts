import { expect } from 'chai';
import { TopicAliases } from '../../../../src/gateway/channel/topic-aliases.ts';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { publish, subscribe } from '../../../helpers/packets.ts';
import { publish5, subscribe5 } from '../../../helpers/packets5.ts';
import { protocolErrorOf } from '../codec/packets.ts';
import { connected5, subscribed5 } from '../fake-client5.ts';
import { World } from '../gateway-world.ts';

describe('gateway: TopicAliases', () => {
  it('remember a copy of the name, the last one that was set [MQTT-3.3.2-12]', () => {
    const aliases = new TopicAliases(2);
    const name = Buffer.from('a/b');
    aliases.set(1, name);
    name.fill('x');
    aliases.set(2, Buffer.from('c'));
    expect(aliases.get(1).name.toString()).to.equal('a/b');
    aliases.set(1, Buffer.from('d'));
    expect(aliases.get(1).name.toString()).to.equal('d');
    expect(aliases.get(2).name.toString()).to.equal('c');
  });

  it('forget what the table had for a name when it is set anew', () => {
    const aliases = new TopicAliases(2);
    aliases.set(1, Buffer.from('a'));
    const known = aliases.get(1);
    known.generation = 7;
    aliases.set(1, Buffer.from('a'));
    expect(aliases.get(1)).to.equal(known);
    aliases.set(1, Buffer.from('b'));
    expect(aliases.get(1)).to.deep.equal({
      name: Buffer.from('b'),
      entry: undefined,
      generation: 0,
    });
  });

  it('refuse an alias over the maximum with 0x94 [MQTT-3.3.2-9], one that was not set with 0x82 (§3.3.4)', () => {
    const aliases = new TopicAliases(2);
    const over = protocolErrorOf(() => {
      aliases.set(3, Buffer.from('a'));
    });
    expect(over.reasonCode).to.equal(ReasonCode.TOPIC_ALIAS_INVALID);
    expect(protocolErrorOf(() => aliases.get(3)).reasonCode).to.equal(
      ReasonCode.TOPIC_ALIAS_INVALID,
    );
    expect(protocolErrorOf(() => aliases.get(2)).reasonCode).to.equal(ReasonCode.PROTOCOL_ERROR);
  });

  for (const topic of ['t', 'a/b', 'a/bc', 'long/topic/name']) {
    for (const alias of [1, 256]) {
      it(`reach subscribers of both versions as the topic ${topic}, alias ${String(alias)}`, async () => {
        const world = new World({ limits: { topicAliasMaximum: 256 } });
        const v4 = await world.subscribed({ clientId: 'v4' }, ['#', 0]);
        const v5 = await subscribed5(world, { clientId: 'v5' }, '#', 0);
        const publisher = await connected5(world, { clientId: 'p' });
        const alone = { topic: '', properties: [['topicAlias', alias]] } as const;
        await publisher.exchange(
          publish5({ ...alone, topic, payload: '1' }),
          publish5({ ...alone, payload: '2' }),
          publish5({ ...alone, payload: '3' }),
          publish5({ topic, payload: '4' }),
          publish5({ ...alone, payload: '5' }),
        );
        for (const got of [await v4.publishes(), await v5.publishes()]) {
          expect(got.map((packet) => packet.topic)).to.deep.equal(Array(5).fill(topic));
          expect(got.map(({ payload }) => payload.toString()).join('')).to.equal('12345');
          for (const packet of got) {
            if ('properties' in packet) expect(packet.properties).to.deep.equal([]);
          }
        }
      });
    }
  }

  it('do not outlive the connection [MQTT-3.3.2-7]', async () => {
    const world = new World();
    const properties = [['topicAlias', 1]] as const;
    const first = await connected5(world, { clientId: 'p' });
    await first.exchange(publish5({ topic: 'a', properties }));
    const second = await connected5(world, { clientId: 'p' });
    const packets = await second.exchange(publish5({ topic: '', properties }));
    expect(packets).to.have.length(1);
    expect(packets[0]).to.include({ type: 'disconnect', code: ReasonCode.PROTOCOL_ERROR });
    expect(second.closed).to.equal(true);
  });

  it('are kept apart from the topic of the run before', async () => {
    const world = new World();
    const v5 = await subscribed5(world, { clientId: 'v5' }, '#', 0);
    const publisher = await connected5(world, { clientId: 'p' });
    await publisher.exchange(
      publish5({ topic: 'one', payload: '1' }),
      publish5({ topic: 'two', payload: '2', properties: [['topicAlias', 1]] }),
      publish5({ topic: 'one', payload: '3' }),
      publish5({ topic: 'one', payload: '4' }),
      publish5({ topic: '', payload: '5', properties: [['topicAlias', 1]] }),
    );
    const got = await v5.publishes();
    expect(got.map(({ topic, payload }) => `${topic}${payload.toString()}`)).to.deep.equal([
      'one1',
      'two2',
      'one3',
      'one4',
      'two5',
    ]);
  });

  it('leave a topic name of length 0 without an alias as a protocol error (§3.3.2.1)', async () => {
    const world = new World();
    const publisher = await connected5(world);
    const packets = await publisher.exchange(publish5({ topic: '' }), subscribe5(1, [['a', 0]]));
    expect(packets.map((packet) => ('code' in packet ? packet.code : packet.type))).to.deep.equal([
      ReasonCode.PROTOCOL_ERROR,
    ]);
    const old = await world.connected({ clientId: 'old' });
    await old.exchange(publish({ topic: '' }), subscribe(1, ['a', 0]));
    expect(old.closed).to.equal(true);
  });
});
