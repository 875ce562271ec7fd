import { expect } from 'chai';
import { connect, publish, type QoS } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 09 will: published', () => {
  const wire = useWire();

  for (const qos of [0, 1, 2] as const satisfies readonly QoS[]) {
    it(`at its QoS ${qos} when the connection breaks [MQTT-3.1.2-8]`, async () => {
      const topic = wire.name('will');
      const watcher = await wire.subscribed(topic, 2);
      const client = await wire.connected({ will: { topic, payload: 'gone', qos } });
      await client.drop();
      await watcher.expect(publish({ topic, payload: 'gone', qos, id: 1 }));
    });
  }

  it('when the client only ends its side', async () => {
    const topic = wire.name('will');
    const watcher = await wire.subscribed(topic, 1);
    const client = await wire.connected({ will: { topic, payload: 'gone', qos: 1 } });
    client.halfClose();
    await watcher.expect(publish({ topic, payload: 'gone', qos: 1, id: 1 }));
  });

  it('after a protocol error of its client [MQTT-3.1.2-8] [MQTT-4.8.0-1]', async () => {
    const topic = wire.name('will');
    const watcher = await wire.subscribed(topic, 1);
    const clientId = wire.name('wrong');
    const client = await wire.connected({
      clientId,
      will: { topic, payload: 'gone', qos: 1 },
    });
    client.send(connect({ clientId }));
    await client.expectClose();
    await watcher.expect(publish({ topic, payload: 'gone', qos: 1, id: 1 }));
  });

  it('when the keep-alive of its client runs out [MQTT-3.1.2-24]', async () => {
    const topic = wire.name('will');
    const watcher = await wire.subscribed(topic, 1);
    await wire.connected({ keepAlive: 1, will: { topic, payload: 'gone', qos: 1 } });
    const message = await watcher.readPublish(6_000);
    expect(message.payload.toString()).to.equal('gone');
  });

  it('when another connection takes the client identifier [MQTT-3.1.4-2]', async () => {
    const topic = wire.name('will');
    const watcher = await wire.subscribed(topic, 1);
    const clientId = wire.name('twin');
    for (const clean of [true, false]) {
      const will = { topic, payload: `clean ${String(clean)}`, qos: 1 } as const;
      await wire.connected({ clientId, clean, will });
      await wire.connected({ clientId, clean }, !clean);
      const message = await watcher.readPublish();
      expect(message.payload.toString()).to.equal(will.payload);
    }
  });

  it('with an empty payload, and with any bytes', async () => {
    const topic = wire.name('will');
    const watcher = await wire.subscribed(topic, 0);
    for (const payload of [
      Buffer.alloc(0),
      Buffer.from([0, 255, 128, 0]),
      Buffer.alloc(65_535, 7),
    ]) {
      const client = await wire.connected({ will: { topic, payload } });
      await client.drop();
      await watcher.expect(publish({ topic, payload }));
    }
  });

  it('and retained when it says so [MQTT-3.1.2-17], not otherwise [MQTT-3.1.2-16]', async () => {
    const topic = wire.name('will');
    const plain = wire.name('will');
    const watcher = await wire.subscribed(plain, 0);
    const one = await wire.connected({ will: { topic, payload: 'x', qos: 1, retain: true } });
    const two = await wire.connected({ will: { topic: plain, payload: 'x' } });
    await one.drop();
    await two.drop();
    await watcher.expect(publish({ topic: plain, payload: 'x' }));
    const late = await wire.subscribed(topic, 1);
    await late.expect(publish({ topic, payload: 'x', qos: 1, id: 1, retain: true }));
    const other = await wire.subscribed(plain, 1);
    await other.expectNothing(50);
  });
});
