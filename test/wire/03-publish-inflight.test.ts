import { expect } from 'chai';
import { puback, pubcomp, publish, pubrec, pubrel, type QoS } from '../helpers/packets.ts';
import type { RawClient } from '../helpers/raw-client.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire } from './wire.ts';

describe('wire: 03 the in-flight window', () => {
  const wire = useWire();

  /** Publishes `count` messages numbered from 1 and waits until all are acknowledged. */
  async function publishMany(topic: string, qos: QoS, count: number): Promise<void> {
    const sender = await wire.connected();
    for (let i = 1; i <= count; i++) {
      sender.send(publish({ topic, payload: String(i), qos, id: i }));
      if (qos === 1) continue;
      await sender.expect(pubrec(i));
      sender.send(pubrel(i));
      await sender.expect(pubcomp(i));
    }
    if (qos === 1) for (let i = 1; i <= count; i++) await sender.expect(puback(i));
  }

  async function readWindow(
    client: RawClient,
    qos: QoS,
    from: number,
    count: number,
  ): Promise<void> {
    for (let i = from; i < from + count; i++) {
      const packet = await client.readPublish();
      expect(packet).to.include({ id: i, qos, dup: false });
      expect(packet.payload.toString()).to.equal(String(i));
    }
    await client.expectNothing();
  }

  it('holds messages back at QoS 1 until some are acknowledged, in order', async () => {
    const topic = wire.name('window');
    const window = wire.broker.options.maxInflight;
    const client = await wire.subscribed(topic, 1);
    await publishMany(topic, 1, window * 3);
    await readWindow(client, 1, 1, window);
    // mosquitto 2.0.11 lets everything through after the first acknowledgement.
    if (isMosquitto) return;
    client.send(puback(1));
    await readWindow(client, 1, window + 1, 1);
    for (let id = 2; id <= window + 1; id++) client.send(puback(id));
    await readWindow(client, 1, window + 2, window);
  });

  it('counts a QoS 2 message until its PUBCOMP', async () => {
    const topic = wire.name('window');
    const window = wire.broker.options.maxInflight;
    const client = await wire.subscribed(topic, 2);
    await publishMany(topic, 2, window + 2);
    await readWindow(client, 2, 1, window);
    client.send(pubrec(1));
    await client.expect(pubrel(1));
    await client.expectNothing();
    if (isMosquitto) return;
    client.send(pubcomp(1));
    await readWindow(client, 2, window + 1, 1);
  });

  it('does not hold QoS 0 back', async () => {
    const own = wire.name('window');
    const window = wire.broker.options.maxInflight;
    const client = await wire.subscribed(`${own}/+`, 1);
    await publishMany(`${own}/one`, 1, window + 1);
    await readWindow(client, 1, 1, window);
    const sender = await wire.connected();
    sender.send(publish({ topic: `${own}/zero`, payload: 'now' }));
    await client.expect(publish({ topic: `${own}/zero`, payload: 'now' }));
  });

  it('goes on when acknowledgements come in another order than the messages', async () => {
    const topic = wire.name('window');
    const window = wire.broker.options.maxInflight;
    const client = await wire.subscribed(topic, 1);
    await publishMany(topic, 1, window * 2);
    await readWindow(client, 1, 1, window);
    for (let id = window; id >= 1; id--) client.send(puback(id));
    await readWindow(client, 1, window + 1, window);
  });

  it('does not stop one client for another that does not acknowledge', async () => {
    const topic = wire.name('window');
    const count = wire.broker.options.maxInflight * 2;
    const lazy = await wire.subscribed(topic, 1);
    const keen = await wire.subscribed(topic, 1);
    await publishMany(topic, 1, count);
    for (let i = 1; i <= count; i++) {
      expect(await keen.readPublish()).to.include({ id: i });
      keen.send(puback(i));
    }
    await readWindow(lazy, 1, 1, wire.broker.options.maxInflight);
  });
});
