import { expect } from 'chai';
import {
  puback,
  publish,
  suback,
  subscribe,
  type PublishFields,
  type QoS,
} from '../helpers/packets.ts';
import type { RawClient } from '../helpers/raw-client.ts';
import { useWire } from './wire.ts';

/** Publishes with RETAIN 1 and waits for the acknowledgement. */
async function retain(sender: RawClient, fields: PublishFields & { qos: QoS }): Promise<void> {
  sender.send(publish({ id: 9, ...fields, retain: true }));
  if (fields.qos === 1) await sender.expect('40 02 00 09');
  if (fields.qos === 2) {
    await sender.expect('50 02 00 09');
    sender.send('62 02 00 09');
    await sender.expect('70 02 00 09');
  }
  sender.send('c0 00');
  await sender.expect('d0 00');
}

describe('wire: 08 retained messages and new subscriptions', () => {
  const wire = useWire();

  for (const published of [0, 1, 2] as const) {
    for (const granted of [0, 1, 2] as const) {
      it(`of QoS ${published} to a subscription of QoS ${granted}: RETAIN 1 and the lower QoS, after SUBACK [MQTT-3.3.1-6] [MQTT-3.3.1-8] [MQTT-3.8.4-6]`, async () => {
        const topic = wire.name('retained');
        await retain(await wire.connected(), { topic, payload: 'kept', qos: published });
        const client = await wire.connected();
        client.send(subscribe(5, [topic, granted]));
        const qos = Math.min(published, granted) as QoS;
        await client.expect(
          suback(5, granted),
          publish({ topic, payload: 'kept', qos, id: 1, retain: true }),
        );
        await client.expectNothing(50);
      });
    }
  }

  it('are sent again when the filter is subscribed again [MQTT-3.8.4-3]', async () => {
    const topic = wire.name('retained');
    await retain(await wire.connected(), { topic, payload: 'kept', qos: 0 });
    const client = await wire.connected();
    for (let id = 1; id <= 3; id++) {
      client.send(subscribe(id, [topic, 0]));
      await client.expect(suback(id, 0), publish({ topic, payload: 'kept', retain: true }));
    }
  });

  it('of all topics that a wildcard matches, and of no others', async () => {
    const own = wire.name('retained');
    const sender = await wire.connected();
    for (const level of ['a', 'a/b', 'a/b/c', 'x/b']) {
      await retain(sender, { topic: `${own}/${level}`, payload: level, qos: 1 });
    }
    const cases = new Map([
      [`${own}/#`, ['a', 'a/b', 'a/b/c', 'x/b']],
      [`${own}/a/#`, ['a', 'a/b', 'a/b/c']],
      [`${own}/+/b`, ['a/b', 'x/b']],
      [`+/${own}`, []],
    ]);
    for (const [filter, wanted] of cases) {
      const client = await wire.subscribed(filter, 0);
      const payloads: string[] = [];
      for (let i = 0; i < wanted.length; i++) {
        payloads.push((await client.readPublish()).payload.toString());
      }
      expect(payloads, filter).to.have.members(wanted);
      await client.expectNothing(30);
    }
  });

  it('come again with DUP after a reconnect that left them unacknowledged [MQTT-4.4.0-1]', async () => {
    const topic = wire.name('retained');
    await retain(await wire.connected(), { topic, payload: 'kept', qos: 1 });
    const session = { clientId: wire.name('session'), clean: false };
    const first = await wire.connected(session);
    first.send(subscribe(1, [topic, 1]));
    const message = { topic, payload: 'kept', qos: 1, id: 1, retain: true } as const;
    await first.expect(suback(1, 1), publish(message));
    await first.drop();
    const second = await wire.connected(session, true);
    await second.expect(publish({ ...message, dup: true }));
    second.send(puback(1), 'c0 00');
    await second.expect('d0 00');
    await second.drop();
    const third = await wire.connected(session, true);
    await third.expectNothing(50);
  });
});
