import { DISCONNECT, PINGREQ, PINGRESP, puback, publish, pubrec } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 05 how long a session lasts', () => {
  const wire = useWire();

  for (const clean of [true, false]) {
    it(`at least as long as its connection, clean session ${clean ? 1 : 0} [MQTT-4.1.0-2]`, async () => {
      const topic = wire.name('lasting');
      const client = await wire.subscribed(topic, 1, { clean });
      const sender = await wire.connected();
      sender.send(publish({ topic, payload: 'first', qos: 2, id: 1 }));
      await sender.expect(pubrec(1));
      await client.expect(publish({ topic, payload: 'first', qos: 1, id: 1 }));
      // Other sessions come and go meanwhile, one with a subscription to the same filter.
      for (let i = 0; i < 20; i++) {
        const other = await wire.subscribed(topic, 1);
        other.send(DISCONNECT);
        await other.expectClose();
      }
      client.send(PINGREQ);
      await client.expect(PINGRESP);
      // Its subscription is there, and so is what is in flight: identifier 1 is not used again.
      sender.send(publish({ topic, payload: 'second', qos: 1, id: 2 }));
      await sender.expect(puback(2));
      await client.expect(publish({ topic, payload: 'second', qos: 1, id: 2 }));
    });
  }

  it('a message goes to every session that subscribes, connected or not [MQTT-4.5.0-1]', async () => {
    const topic = wire.name('every');
    const absent = [wire.name('absent'), wire.name('absent')];
    for (const clientId of absent) {
      const client = await wire.subscribed(topic, 1, { clientId, clean: false });
      client.send(DISCONNECT);
      await client.expectClose();
    }
    const present = [
      await wire.subscribed(topic, 1),
      await wire.subscribed(topic, 2, { clean: false }),
      await wire.subscribed(`${topic}/#`, 1),
    ];
    const stranger = await wire.subscribed(`${topic}/other`, 1);
    const sender = await wire.connected();
    const message = publish({ topic, payload: 'to all', qos: 1, id: 1 });
    sender.send(message);
    await sender.expect(puback(1));
    for (const client of present) await client.expect(message);
    for (const clientId of absent) {
      const client = await wire.connected({ clientId, clean: false }, true);
      await client.expect(message);
    }
    await stranger.expectNothing(50);
  });
});
