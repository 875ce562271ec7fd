import { expect } from 'chai';
import type { QoS } from '../../../helpers/packets.ts';
import { ack5, publish5, type Publish5, subscribe5 } from '../../../helpers/packets5.ts';
import { numberOf, type Properties } from '../../../helpers/properties5.ts';
import { connected5, type FakeClient5, subscribed5 } from '../fake-client5.ts';
import { World } from '../gateway-world.ts';

const LASTING = ['sessionExpiry', 1000] as const;
const TOPIC = 'some/topic';

/** The names that packets carry and their aliases: `name=alias`, `=alias`, `name`. */
function said(packets: readonly Publish5[]): string[] {
  return packets.map(({ topic, properties }) => {
    const alias = numberOf(properties, 'topicAlias');
    return alias === undefined ? topic : `${topic}=${String(alias)}`;
  });
}

/** Publishes one message after the other. */
async function send(
  publisher: FakeClient5,
  qos: QoS,
  ...messages: readonly (readonly [topic: string, payload?: string])[]
): Promise<void> {
  for (const [topic, payload = ''] of messages) {
    await publisher.exchange(publish5({ topic, payload, qos, id: 1 }));
    if (qos === 2) await publisher.exchange(ack5('pubrel', 1));
  }
}

describe('gateway: topic aliases in delivery', () => {
  for (const qos of [0, 1] as const) {
    for (const lasting of [true, false]) {
      it(`set and used at QoS ${String(qos)}, ${lasting ? 'lasting' : 'clean'} session [MQTT-3.3.2-11]`, async () => {
        const world = new World();
        const properties: Properties = [['topicAliasMaximum', 9], ...(lasting ? [LASTING] : [])];
        const client = await subscribed5(world, { clientId: 's', properties }, '#', qos);
        const plain = await subscribed5(world, { clientId: 'plain' }, '#', qos);
        const publisher = await connected5(world, { clientId: 'p' });
        await send(publisher, qos, [TOPIC], [TOPIC], ['other'], [TOPIC], ['other']);
        const got = await client.publishes();
        expect(said(got)).to.deep.equal([`${TOPIC}=1`, '=1', 'other=2', '=1', '=2']);
        expect(said(await plain.publishes())).to.deep.equal([
          TOPIC,
          TOPIC,
          'other',
          TOPIC,
          'other',
        ]);
        expect(world.stats.topicAliasesUsed).to.equal(3);
      });
    }
  }

  it('not used at QoS 2, where some clients lose the name', async () => {
    const world = new World();
    const properties: Properties = [['topicAliasMaximum', 9]];
    const client = await subscribed5(world, { clientId: 's', properties }, '#', 2);
    const publisher = await connected5(world, { clientId: 'p' });
    await send(publisher, 2, [TOPIC], [TOPIC]);
    await send(publisher, 1, [TOPIC], [TOPIC]);
    expect(said(await client.publishes())).to.deep.equal([TOPIC, TOPIC, `${TOPIC}=1`, '=1']);
  });

  it('stand behind expiry and subscription identifier and before what was published with', async () => {
    const world = new World();
    const client = await subscribed5(
      world,
      { clientId: 's', properties: [['topicAliasMaximum', 9]] },
      '#',
      1,
      {},
      [['subscriptionId', 300]],
    );
    const publisher = await connected5(world, { clientId: 'p' });
    const properties: Properties = [
      ['messageExpiry', 60],
      ['user', ['a', 'b']],
    ];
    for (const qos of [0, 1] as const) {
      await publisher.exchange(publish5({ topic: TOPIC, qos, id: 1, payload: 'x', properties }));
    }
    const got = await client.publishes();
    expect(said(got)).to.deep.equal([`${TOPIC}=1`, '=1']);
    for (const packet of got) {
      expect(packet.payload.toString()).to.equal('x');
      expect(packet.properties).to.deep.equal([
        ['messageExpiry', 60],
        ['subscriptionId', 300],
        ['topicAlias', 1],
        ['user', ['a', 'b']],
      ]);
    }
  });

  it('in a run of packets, after which plain subscribers get the bytes as they came', async () => {
    const world = new World();
    const properties: Properties = [['topicAliasMaximum', 1]];
    const client = await subscribed5(world, { clientId: 's', properties }, '#', 0);
    const plain = await subscribed5(world, { clientId: 'plain' }, '#', 0);
    const publisher = await connected5(world, { clientId: 'p' });
    const run = ['1', '2', '3'].map((payload) => publish5({ topic: TOPIC, payload }));
    await publisher.exchange(...run);
    const got = await client.publishes();
    expect(said(got)).to.deep.equal([`${TOPIC}=1`, '=1', '=1']);
    expect(got.map(({ payload }) => payload.toString())).to.deep.equal(['1', '2', '3']);
    expect(said(await plain.publishes())).to.deep.equal([TOPIC, TOPIC, TOPIC]);
  });

  for (const qos of [0, 1, 2] as const) {
    it(`not set by a packet that is too large to be sent, QoS ${String(qos)} [MQTT-3.1.2-25]`, async () => {
      const world = new World();
      const properties: Properties = [LASTING, ['topicAliasMaximum', 9], ['maximumPacketSize', 40]];
      const client = await subscribed5(world, { clientId: 's', properties }, '#', qos);
      const publisher = await connected5(world, { clientId: 'p' });
      const large = 'x'.repeat(100);
      // One byte short of the limit without an alias: with one it would be over.
      const full = 'y'.repeat(40 - publish5({ topic: TOPIC, qos, id: 1 }).length);
      await send(publisher, qos, [TOPIC, large], [TOPIC, full], [TOPIC], [TOPIC, large], [TOPIC]);
      const got = await client.publishes();
      expect(said(got)).to.deep.equal(
        qos === 2 ? [TOPIC, TOPIC, TOPIC] : [TOPIC, `${TOPIC}=1`, '=1'],
      );
      expect(got[0]!.payload.toString()).to.equal(full);
      expect(world.stats.messagesTooLarge).to.equal(2);
    });
  }

  it('not set by a QoS 0 message that is dropped for a congested socket', async () => {
    const world = new World({ limits: { highWater: 1000 } });
    const properties: Properties = [['topicAliasMaximum', 9]];
    const client = await subscribed5(world, { clientId: 's', properties }, '#', 0);
    const publisher = await connected5(world, { clientId: 'p' });
    client.socket.stall();
    const filler = 'x'.repeat(20_000);
    await send(publisher, 0, ['filler', filler], ['filler', filler], [TOPIC], [TOPIC]);
    expect(world.stats.qos0Dropped).to.be.at.least(2);
    client.socket.unstall();
    const before = await client.publishes();
    expect(said(before).join()).to.not.include(TOPIC);
    await send(publisher, 0, [TOPIC], [TOPIC]);
    expect(said(await client.publishes())).to.deep.equal([`${TOPIC}=2`, '=2']);
  });

  it('not relied on by what is sent again on another connection [MQTT-3.3.2-7]', async () => {
    const world = new World();
    const fields = { clientId: 's', clean: false };
    const aliased: Properties = [LASTING, ['topicAliasMaximum', 9]];
    const first = await subscribed5(world, { ...fields, properties: aliased }, '#', 1);
    const publisher = await connected5(world, { clientId: 'p' });
    await send(publisher, 1, ['other'], [TOPIC], [TOPIC]);
    expect(said(await first.publishes())).to.deep.equal(['other=1', `${TOPIC}=2`, '=2']);
    await first.exchange(ack5('puback', 1));
    await first.lose();
    await send(publisher, 1, [TOPIC]);
    const second = await connected5(world, { ...fields, properties: aliased });
    expect(said(await second.publishes())).to.deep.equal([`${TOPIC}=1`, '=1', '=1']);
    await second.lose();
    const third = await connected5(world, { ...fields, properties: [LASTING] });
    expect(said(await third.publishes())).to.deep.equal([TOPIC, TOPIC, TOPIC]);
  });

  it('in retained messages of every QoS', async () => {
    for (const qos of [0, 1] as const) {
      const world = new World();
      const publisher = await connected5(world, { clientId: 'p' });
      const retained = { topic: TOPIC, qos, id: 1, payload: 'x', retain: true } as const;
      await publisher.exchange(publish5(retained));
      const client = await connected5(world, {
        clientId: 's',
        properties: [['topicAliasMaximum', 9]],
      });
      const all = [];
      for (const filter of [TOPIC, 'some/+']) {
        await client.exchange();
        const packets = await client.publishes(subscribe5(1, [[filter, qos, {}]]));
        all.push(...packets);
      }
      expect(said(all)).to.deep.equal([`${TOPIC}=1`, '=1']);
      for (const packet of all) expect(packet.retain).to.equal(true);
    }
  });

  it('no more than configured, or none', async () => {
    for (const [topicAliasMaximumOut, wanted] of [
      [0, [TOPIC, 'other', TOPIC, 'other']],
      [1, [`${TOPIC}=1`, 'other', '=1', 'other']],
    ] as const) {
      const world = new World({ limits: { topicAliasMaximumOut } });
      const properties: Properties = [['topicAliasMaximum', 65_535]];
      const client = await subscribed5(world, { clientId: 's', properties }, '#', 1);
      const publisher = await connected5(world, { clientId: 'p' });
      await send(publisher, 1, [TOPIC], ['other'], [TOPIC], ['other']);
      expect(said(await client.publishes())).to.deep.equal(wanted);
    }
  });
});
