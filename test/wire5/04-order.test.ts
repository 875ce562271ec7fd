import { expect } from 'chai';
import { ack5, publish5 } from '../helpers/packets5.ts';
import type { QoS } from '../helpers/packets.ts';
import type { Client5 } from './client5.ts';
import { useWire5 } from './wire5.ts';

const COUNT = 18;

describe('wire5: 04 order', () => {
  const wire = useWire5();

  /** Payloads by QoS, in the order in which they came. */
  async function received(client: Client5, count: number): Promise<Map<number, string[]>> {
    const byQos = new Map<number, string[]>();
    for (let i = 0; i < count; i++) {
      const { qos, payload } = await client.publish();
      byQos.set(qos, [...(byQos.get(qos) ?? []), payload.toString()]);
    }
    return byQos;
  }

  it('messages of a client reach every subscriber, there or away, in the order of their topic and QoS [MQTT-4.5.0-1] [MQTT-4.6.0-5] [MQTT-4.6.0-6]', async () => {
    const topic = wire.name('order');
    const clientId = wire.name('session');
    const away = await wire.lasting(clientId);
    await wire.subscribe(away, `${topic}/#`, 2);
    await away.raw.drop();
    const exact = await wire.subscribed(topic, 2);
    const wild = await wire.subscribed(`${topic}/#`, 2);
    const sender = await wire.connected();
    const qosOf = (i: number): QoS => (i % 3) as QoS;
    const sent = Array.from({ length: COUNT }, (_, i) =>
      publish5({ topic, payload: String(i), qos: qosOf(i), id: i + 1 }),
    );
    sender.send(...sent);
    // A server may forward QoS 2 with PUBREL only.
    const released = Array.from({ length: COUNT }, (_, i) => i).filter((i) => qosOf(i) === 2);
    sender.send(...released.map((i) => ack5('pubrel', i + 1)));
    const wanted = (qos: number): string[] =>
      Array.from({ length: COUNT }, (_, i) => i)
        .filter((i) => qosOf(i) === qos)
        .map(String);
    for (const client of [exact, wild]) {
      const byQos = await received(client, COUNT);
      for (const qos of [0, 1, 2]) expect(byQos.get(qos)).to.deep.equal(wanted(qos));
    }
    const again = await wire.lasting(clientId, true);
    const byQos = await received(again, wanted(1).length + wanted(2).length);
    expect(byQos.get(1)).to.deep.equal(wanted(1));
    expect(byQos.get(2)).to.deep.equal(wanted(2));
  });
});
