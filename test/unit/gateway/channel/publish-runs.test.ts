import { expect } from 'chai';
import sinon from 'sinon';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { puback, publish } from '../../../helpers/packets.ts';
import { ack5, publish5 } from '../../../helpers/packets5.ts';
import { connected5 } from '../fake-client5.ts';
import { World } from '../gateway-world.ts';

/** A world whose store is watched. */
function watched(options: ConstructorParameters<typeof World>[0] = {}): {
  world: World;
  runs: sinon.SinonSpy;
} {
  const store = createMemoryStore();
  const runs = sinon.spy(store, 'appendRun');
  return { world: new World({ ...options, store }), runs };
}

const ids = (packets: readonly object[]): unknown[] =>
  packets.map((packet) => ('id' in packet ? packet.id : packet));

describe('gateway: runs of PUBLISH at QoS 1', () => {
  it('are stored, answered and delivered in order, split at any byte', async () => {
    const { world, runs } = watched();
    const client = await world.subscribed({ clientId: 's' }, ['#', 1]);
    const publisher = await world.connected({ clientId: 'p' });
    const sent = [
      ...['', 'b', 'ccc', 'd'.repeat(130), 'e', 'f'.repeat(20_000), 'g'].map((payload) => [
        'a/b',
        payload,
      ]),
      ...['h', 'i'].map((payload) => ['a/c', payload]),
      ...['j', 'k'.repeat(300), 'l'].map((payload) => ['a/b', payload]),
    ] as [string, string][];
    const bytes = Buffer.concat(
      sent.map(([topic, payload], i) => publish({ topic, payload, qos: 1, id: 1000 - i })),
    );
    const cuts = [
      ...Array.from({ length: 60 }, (_, i) => i),
      200,
      20_175,
      20_190,
      bytes.length - 9,
    ];
    for (const cut of cuts) {
      const answers = await publisher.exchange(bytes.subarray(0, cut));
      answers.push(...(await publisher.exchange(bytes.subarray(cut))));
      expect(ids(answers), `cut at ${String(cut)}`).to.deep.equal(sent.map((_, i) => 1000 - i));
      const received = await client.publishes();
      expect(received.map(({ topic, payload }) => [topic, payload.toString()])).to.deep.equal(sent);
      await client.exchange(...received.map(({ id }) => puback(id)));
    }
    expect(runs.callCount).to.be.greaterThan(2 * cuts.length);
    const { messagesReceived, payloadBytesReceived } = world.stats;
    const payloadBytes = sent.reduce((sum, [, payload]) => sum + payload.length, 0);
    expect(messagesReceived).to.equal(cuts.length * sent.length);
    expect(payloadBytesReceived).to.equal(cuts.length * payloadBytes);
    expect(client.channel.session!.inflight.size).to.equal(0);
  });

  it('end at a packet with another first byte, topic or length of it', async () => {
    const { world, runs } = watched();
    const client = await world.subscribed({ clientId: 's' }, ['#', 2]);
    const publisher = await world.connected({ clientId: 'p' });
    const sent = [
      { topic: 'abcdef', qos: 1, retain: false, dup: false },
      { topic: 'abcdef', qos: 1, retain: true, dup: false },
      { topic: 'abcdef', qos: 1, retain: false, dup: true },
      { topic: 'abcdef', qos: 2, retain: false, dup: false },
      { topic: 'abcdeg', qos: 1, retain: false, dup: false },
      { topic: 'Abcdeg', qos: 1, retain: false, dup: false },
      { topic: 'Abcde', qos: 1, retain: false, dup: false },
    ] as const;
    await publisher.exchange(...sent.map((fields, i) => publish({ ...fields, id: i + 1 })));
    expect(runs.callCount).to.equal(0);
    const received = await client.publishes();
    expect(received.map(({ topic, qos }) => [topic, qos])).to.deep.equal(
      sent.map(({ topic, qos }) => [topic, qos]),
    );
  });

  it('with properties are those with the same ones, byte for byte', async () => {
    const { world, runs } = watched();
    const client = await connected5(world, { clientId: 's' });
    await client.subscribe('#', 1);
    const publisher = await connected5(world, { clientId: 'p' });
    const types = ['x', 'x', 'x', 'y', 'y', 'x'];
    await publisher.exchange(
      ...types.map((type, i) =>
        publish5({
          topic: 't',
          qos: 1,
          id: i + 1,
          payload: String(i),
          properties: [['contentType', type]],
        }),
      ),
    );
    expect(runs.callCount).to.equal(2);
    const received = await client.publishes();
    expect(received.map(({ payload }) => payload.toString())).to.deep.equal(
      types.map((_, i) => String(i)),
    );
    expect(received.map(({ properties }) => properties)).to.deep.equal(
      types.map((type) => [['contentType', type]]),
    );
  });

  it('behind a topic alias go to its topic', async () => {
    const { world, runs } = watched();
    const client = await world.subscribed({ clientId: 's' }, ['#', 1]);
    const publisher = await connected5(world, { clientId: 'p' });
    const aliased = (topic: string, alias: number, id: number): Buffer =>
      publish5({ topic, qos: 1, id, properties: [['topicAlias', alias]] });
    await publisher.exchange(
      aliased('one', 1, 1), aliased('two', 2, 2), aliased('', 1, 3), aliased('', 1, 4), aliased('', 1, 5), aliased('', 2, 6),
    ); // prettier-ignore
    expect(runs.callCount).to.equal(1);
    const received = await client.publishes();
    expect(received.map(({ topic }) => topic)).to.deep.equal([
      'one',
      'two',
      'one',
      'one',
      'one',
      'two',
    ]);
  });

  it('do not begin at a packet that is refused or forwarded live, whatever was before it', async () => {
    const authorizer = { authorize: (_: unknown, __: unknown, topic: string) => topic !== 'no' };
    const { world, runs } = watched({ authorizer });
    const client = await world.subscribed({ clientId: 's' }, ['live', 0]);
    const publisher = await connected5(world, { clientId: 'p' });
    const topics = ['t', 'no', 'no', 't', 'live', 'live'];
    const answers = await publisher.exchange(
      ...topics.map((topic, i) => publish5({ topic, qos: 1, id: i + 1 })),
    );
    expect(answers.map((packet) => 'code' in packet && packet.code)).to.deep.equal(
      topics.map((topic) => (topic === 'no' ? ReasonCode.NOT_AUTHORIZED : ReasonCode.SUCCESS)),
    );
    expect([runs.callCount, world.store.stats.recordsAppended]).to.deep.equal([0, 4]);
    expect(await client.publishes()).to.have.length(2);
  });

  it('end before packet identifier 0, which ends the connection [MQTT-2.3.1-1]', async () => {
    const { world } = watched();
    const publisher = await world.connected({ clientId: 'p' });
    await publisher.exchange(...[1, 2, 0, 3].map((id) => publish({ topic: 't', qos: 1, id })));
    expect(publisher.closed).to.equal(true);
    expect(world.store.stats.recordsAppended).to.equal(2);
  });

  it('end before a packet that is too short for its topic, or too large', async () => {
    const { world } = watched({ limits: { maxPacketSize: 100 } });
    const short = publish({ topic: 'topic', qos: 1, id: 3 });
    short[1] = 6;
    for (const last of [
      short,
      publish({ topic: 'topic', qos: 1, id: 3, payload: 'x'.repeat(99) }),
    ]) {
      const publisher = await world.connected({ clientId: 'p' });
      const before = world.store.stats.recordsAppended;
      await publisher.exchange(
        ...[1, 2].map((id) => publish({ topic: 'topic', qos: 1, id })),
        last,
      );
      expect(publisher.closed).to.equal(true);
      expect(world.store.stats.recordsAppended - before).to.equal(2);
    }
  });

  it('end where the client has sent more than it may [MQTT-3.3.4-9]', async () => {
    for (const [count, isClosed] of [
      [5, false],
      [6, true],
    ] as const) {
      const { world } = watched({ limits: { receiveMaximum: 5 } });
      const publisher = await connected5(world, { clientId: 'p' });
      const packets = Array.from({ length: count }, (_, i) =>
        publish5({ topic: 't', qos: 1, id: i + 1 }),
      );
      await publisher.exchange(...packets);
      expect(publisher.closed).to.equal(isClosed);
      expect(world.store.stats.recordsAppended).to.equal(5);
    }
  });

  it('are taken packet by packet where each is forwarded live, checked or limited', async () => {
    const live = watched();
    const client = await live.world.subscribed({ clientId: 's' }, ['t', 0]);
    const checked = watched({ rules: { payloadFormatCheck: true } });
    const limited = watched({ limits: { maxPublishRate: 1000 } });
    for (const { world, runs } of [live, checked, limited]) {
      const publisher = await connected5(world, { clientId: 'p' });
      await publisher.exchange(...[1, 2, 3].map((id) => publish5({ topic: 't', qos: 1, id })));
      expect(runs.callCount).to.equal(0);
    }
    expect(await client.publishes()).to.have.length(3);
  });
});

describe('gateway: runs of PUBACK', () => {
  it('complete what is on the way, in any order, and pass by what is not', async () => {
    const world = new World();
    const client = await world.subscribed({ clientId: 's' }, ['t', 1]);
    const publisher = await world.connected({ clientId: 'p' });
    const packets = Array.from({ length: 10 }, (_, i) =>
      publish({ topic: 't', qos: 1, id: i + 1 }),
    );
    await publisher.exchange(...packets);
    const received = await client.publishes();
    const { inflight } = client.channel.session!;
    const before = world.stats.controlPacketsReceived;
    const [a, b, c, d, ...rest] = received.map(({ id }) => id);
    await client.exchange(...[a!, c!, c!, 60_000, d!].map(puback));
    expect([inflight.size, inflight.find(b!) >= 0]).to.deep.equal([7, true]);
    await client.exchange(...[b!, ...rest].map(puback));
    expect([inflight.size, client.closed]).to.deep.equal([0, false]);
    expect(world.stats.controlPacketsReceived - before).to.equal(12);
  });

  it('end at what is not in order: identifier 0 [MQTT-2.3.1-1], a message of QoS 2, another form', async () => {
    const world = new World();
    const client = await world.subscribed({ clientId: 's' }, ['t', 2]);
    const publisher = await world.connected({ clientId: 'p' });
    const sent = [1, 1, 2].map((qos, i) => publish({ topic: 't', qos: qos as 1 | 2, id: i + 1 }));
    await publisher.exchange(...sent);
    const [one, two, three] = (await client.publishes()).map(({ id }) => id);
    const { inflight } = client.channel.session!;
    await client.exchange(puback(one!), puback(two!), puback(three!));
    expect([inflight.size, client.closed]).to.deep.equal([1, true]);
    const other = await world.connected({ clientId: 'o' });
    await other.exchange(puback(1), puback(0));
    expect(other.closed).to.equal(true);
    const five = await connected5(world, { clientId: 'five' });
    await five.subscribe('t', 1);
    await publisher.exchange(...[4, 5, 6].map((id) => publish({ topic: 't', qos: 1, id })));
    const ids5 = (await five.publishes()).map(({ id }) => id);
    await five.exchange(puback(ids5[0]!), ack5('puback', ids5[1]!, 0x10), puback(ids5[2]!));
    expect([five.channel.session!.inflight.size, five.closed]).to.deep.equal([0, false]);
  });
});
