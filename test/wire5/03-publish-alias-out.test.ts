import { expect } from 'chai';
import { numberOf } from '../helpers/properties5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import type { Client5 } from './client5.ts';
import { useWire5 } from './wire5.ts';

/** Reads `count` messages as a client that knows aliases, and returns their topics. */
async function topics(client: Client5, count: number, maximum: number): Promise<string[]> {
  const known = new Map<number, string>();
  const result: string[] = [];
  for (let i = 0; i < count; i++) {
    const { topic, properties } = await client.publish();
    const alias = numberOf(properties, 'topicAlias');
    // [MQTT-3.1.2-26] [MQTT-3.3.2-8]
    if (alias !== undefined) expect(alias).to.be.within(1, maximum);
    if (alias !== undefined && topic !== '') known.set(alias, topic);
    const full = topic === '' ? known.get(alias ?? 0) : topic;
    if (full === undefined) throw new Error(`no topic for alias ${String(alias)}`);
    result.push(full);
  }
  return result;
}

describe('wire5: 03 topic aliases of the server', () => {
  const wire = useWire5();
  const round = ['a', 'b', 'c', 'a', 'a', 'b', 'd', 'c'];

  for (const maximum of [1, 2, 100]) {
    it(`stay within 1 to ${maximum} and name the right topic [MQTT-3.1.2-26] [MQTT-3.3.2-11]`, async () => {
      const own = wire.name('alias');
      const properties = [['topicAliasMaximum', maximum]] as const;
      const client = await wire.subscribed(`${own}/#`, 0, { properties });
      const sent = [...round, ...round, ...round].map((topic) => `${own}/${topic}`);
      await wire.published(...sent.map((topic) => ({ topic, payload: topic })));
      expect(await topics(client, sent.length, maximum)).to.deep.equal(sent);
    });
  }

  for (const properties of [[], [['topicAliasMaximum', 0]]] as const) {
    it(`are not used for a client that ${properties.length > 0 ? 'allows 0' : 'says nothing'} [MQTT-3.1.2-27]`, async () => {
      const own = wire.name('alias');
      const client = await wire.subscribed(`${own}/#`, 0, { properties });
      const sent = [...round, ...round].map((topic) => `${own}/${topic}`);
      await wire.published(...sent.map((topic) => ({ topic, payload: 'x' })));
      for (const topic of sent) await client.publish({ topic, properties: [] });
    });
  }

  for (const qos of [0, 1] as const) {
    it(`take the place of a topic that is sent often, QoS ${qos} [MQTT-3.3.2-8]`, async function () {
      // mosquitto 2.0.11 sets none.
      if (isMosquitto) this.skip();
      const topic = wire.name('alias');
      const client = await wire.subscribed(topic, qos, { properties: [['topicAliasMaximum', 1]] });
      const message = { topic, payload: 'x', qos };
      await wire.published(message, message, message);
      const [first, ...others] = [
        await client.publish(),
        await client.publish(),
        await client.publish(),
      ] as const;
      expect(first).to.deep.include({ topic, properties: [['topicAlias', 1]] });
      for (const packet of others) {
        expect(packet).to.deep.include({ topic: '', properties: [['topicAlias', 1]] });
      }
    });

    it(`are not set by a packet that is too large for the client, QoS ${qos} [MQTT-3.1.2-25]`, async () => {
      const topic = wire.name('alias');
      const client = await wire.subscribed(topic, qos, {
        properties: [
          ['topicAliasMaximum', 10],
          ['maximumPacketSize', 60],
        ],
      });
      const large = { topic, payload: 'x'.repeat(100), qos };
      const small = { topic, payload: 'x', qos };
      await wire.published(large, small, large, small);
      expect(await topics(client, 2, 10)).to.deep.equal([topic, topic]);
    });
  }

  it('are given to the topics sent most, among many', async function () {
    if (isMosquitto) this.skip();
    const own = wire.name('alias');
    const client = await wire.subscribed(`${own}/#`, 0, { properties: [['topicAliasMaximum', 2]] });
    const others = Array.from({ length: 30 }, (_, i) => `${own}/rare/${i}`);
    const sent = others.flatMap((topic) => [topic, `${own}/hot/1`, `${own}/hot/2`]);
    await wire.published(...sent.map((topic) => ({ topic, payload: topic })));
    let short = 0;
    for (const wanted of sent) {
      const { topic, payload } = await client.publish();
      expect(payload.toString()).to.equal(wanted);
      if (topic === '') short++;
    }
    // Both hot topics, but for the time until they are known as such.
    expect(short).to.be.above(30);
  });

  it('start anew with each connection [MQTT-3.3.2-7]', async () => {
    const topic = wire.name('alias');
    const clientId = wire.name('session');
    const allowed = [['topicAliasMaximum', 10]] as const;
    const first = await wire.lasting(clientId, false, allowed);
    await wire.subscribe(first, topic, 1);
    const sent = Array.from({ length: 6 }, () => ({ topic, payload: 'x', qos: 1 }) as const);
    await wire.published(...sent);
    expect(await topics(first, sent.length, 10)).to.deep.equal(sent.map(() => topic));
    await first.raw.drop();
    const again = await wire.lasting(clientId, true, allowed);
    expect(await topics(again, sent.length, 10)).to.deep.equal(sent.map(() => topic));
    await again.raw.drop();
    const third = await wire.lasting(clientId, true);
    expect(await topics(third, sent.length, 0)).to.deep.equal(sent.map(() => topic));
  });
});
