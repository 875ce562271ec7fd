import { PINGREQ, PINGRESP, puback, publish, suback, subscribe } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 07 a second connection with the same client id', () => {
  const wire = useWire();

  for (const clean of [true, false]) {
    it(`closes the first, clean session ${clean ? 1 : 0} [MQTT-3.1.4-2]`, async () => {
      const clientId = wire.name('twin');
      const first = await wire.connected({ clientId, clean });
      const second = await wire.connected({ clientId, clean }, !clean);
      await first.expectClose();
      second.send(PINGREQ);
      await second.expect(PINGRESP);
    });
  }

  it('takes the persistent session over: subscriptions and unacknowledged messages', async () => {
    const topic = wire.name('moved');
    const clientId = wire.name('twin');
    const first = await wire.subscribed(topic, 1, { clientId, clean: false });
    const sender = await wire.connected();
    sender.send(publish({ topic, payload: 'a', qos: 1, id: 1 }));
    await first.expect(publish({ topic, payload: 'a', qos: 1, id: 1 }));
    const second = await wire.connected({ clientId, clean: false }, true);
    await second.expect(publish({ topic, payload: 'a', qos: 1, id: 1, dup: true }));
    second.send(puback(1));
    sender.send(publish({ topic, payload: 'b', qos: 1, id: 2 }));
    await second.expect(publish({ topic, payload: 'b', qos: 1, id: 2 }));
    await first.expectClose();
  });

  it('ends the clean session of the first: its subscriptions do not move [MQTT-3.1.2-6]', async () => {
    const topic = wire.name('moved');
    const clientId = wire.name('twin');
    const first = await wire.subscribed(topic, 1, { clientId });
    const second = await wire.connected({ clientId }, false);
    await first.expectClose();
    const sender = await wire.connected();
    sender.send(publish({ topic, payload: 'x', qos: 1, id: 1 }));
    await sender.expect(puback(1));
    await second.expectNothing();
  });

  it('drops a persistent session when the second is clean [MQTT-3.1.2-6]', async () => {
    const topic = wire.name('moved');
    const clientId = wire.name('twin');
    const first = await wire.subscribed(topic, 1, { clientId, clean: false });
    const second = await wire.connected({ clientId, clean: true }, false);
    await first.expectClose();
    await second.drop();
    await wire.connected({ clientId, clean: false }, false);
  });

  it('survives a storm of takeovers and serves the last one', async () => {
    const topic = wire.name('storm');
    const clientId = wire.name('twin');
    const base = await wire.connected({ clientId, clean: false });
    base.send(subscribe(1, [topic, 1]));
    await base.expect(suback(1, 1));
    for (let i = 0; i < 30; i++) await wire.connected({ clientId, clean: false }, true);
    const last = await wire.connected({ clientId, clean: false }, true);
    const sender = await wire.connected();
    sender.send(publish({ topic, payload: 'x', qos: 1, id: 1 }));
    await last.expect(publish({ topic, payload: 'x', qos: 1, id: 1 }));
    await base.expectClose();
  });
});
