import {
  DISCONNECT,
  puback,
  pubcomp,
  publish,
  pubrec,
  pubrel,
  suback,
  subscribe,
  unsuback,
  unsubscribe,
} from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 05 a persistent session comes back', () => {
  const wire = useWire();

  it('still has its subscriptions [MQTT-3.1.2-4] [MQTT-4.1.0-1]', async () => {
    const own = wire.name('kept');
    const clientId = wire.name('session');
    const first = await wire.connected({ clientId, clean: false });
    first.send(subscribe(1, [`${own}/a`, 0], [`${own}/b/+`, 1], [`+/${own}/#`, 2]));
    await first.expect(suback(1, 0, 1, 2));
    await first.drop();
    const again = await wire.connected({ clientId, clean: false }, true);
    const sender = await wire.connected();
    for (const [i, topic] of [`${own}/a`, `${own}/b/x`, `x/${own}/c`].entries()) {
      sender.send(publish({ topic, payload: 'x', qos: 1, id: i + 1 }));
      await again.expect(publish({ topic, payload: 'x', qos: i === 0 ? 0 : 1, id: i }));
    }
  });

  it('receives what came while it was away, in order, at min(publish, subscription) QoS [MQTT-3.1.2-5] [MQTT-4.1.0-1]', async () => {
    const topic = wire.name('backlog');
    const clientId = wire.name('session');
    const first = await wire.subscribed(topic, 1, { clientId, clean: false });
    first.send(DISCONNECT);
    await first.expectClose();
    const sender = await wire.connected();
    const count = 30;
    for (let i = 1; i <= count; i++) {
      const qos = i % 2 === 0 ? 2 : 1;
      sender.send(publish({ topic, payload: String(i), qos, id: i }));
      await sender.expect(qos === 1 ? puback(i) : pubrec(i));
      if (qos === 1) continue;
      sender.send(pubrel(i));
      await sender.expect(pubcomp(i));
    }
    const again = await wire.connected({ clientId, clean: false }, true);
    for (let i = 1; i <= count; i++) {
      await again.expect(publish({ topic, payload: String(i), qos: 1, id: i }));
      again.send(puback(i));
    }
    await again.expectNothing(50);
  });

  it('receives from a wildcard what came while it was away', async () => {
    const own = wire.name('backlog');
    const clientId = wire.name('session');
    const first = await wire.subscribed(`+/${own}/#`, 1, { clientId, clean: false });
    await first.drop();
    const sender = await wire.connected();
    for (const [i, topic] of [`a/${own}`, `b/${own}/c`, `c/${own}x`].entries()) {
      sender.send(publish({ topic, payload: topic, qos: 1, id: i + 1 }));
      await sender.expect(puback(i + 1));
    }
    const again = await wire.connected({ clientId, clean: false }, true);
    await again.expect(publish({ topic: `a/${own}`, payload: `a/${own}`, qos: 1, id: 1 }));
    await again.expect(publish({ topic: `b/${own}/c`, payload: `b/${own}/c`, qos: 1, id: 2 }));
    await again.expectNothing(50);
  });

  it('does not receive what was published at QoS 0 while it was away', async () => {
    const topic = wire.name('lost');
    const clientId = wire.name('session');
    const first = await wire.subscribed(topic, 1, { clientId, clean: false });
    await first.drop();
    const sender = await wire.connected();
    sender.send(
      publish({ topic, payload: 'zero' }),
      publish({ topic, payload: 'one', qos: 1, id: 1 }),
    );
    await sender.expect(puback(1));
    const again = await wire.connected({ clientId, clean: false }, true);
    await again.expect(publish({ topic, payload: 'one', qos: 1, id: 1 }));
    await again.expectNothing(50);
  });

  it('does not receive again what it has acknowledged', async () => {
    const topic = wire.name('acked');
    const clientId = wire.name('session');
    const first = await wire.subscribed(topic, 1, { clientId, clean: false });
    const sender = await wire.connected();
    sender.send(publish({ topic, payload: 'a', qos: 1, id: 1 }));
    await first.expect(publish({ topic, payload: 'a', qos: 1, id: 1 }));
    first.send(puback(1), DISCONNECT);
    await first.expectClose();
    const again = await wire.connected({ clientId, clean: false }, true);
    await again.expectNothing();
    sender.send(publish({ topic, payload: 'b', qos: 1, id: 2 }));
    await again.expect(publish({ topic, payload: 'b', qos: 1, id: 2 }));
  });

  it('stays unsubscribed where it unsubscribed before', async () => {
    const own = wire.name('left');
    const clientId = wire.name('session');
    const first = await wire.connected({ clientId, clean: false });
    first.send(subscribe(1, [`${own}/a`, 1], [`${own}/b`, 1]), unsubscribe(2, `${own}/a`));
    await first.expect(suback(1, 1, 1), unsuback(2));
    await first.drop();
    const sender = await wire.connected();
    sender.send(
      publish({ topic: `${own}/a`, qos: 1, id: 1 }),
      publish({ topic: `${own}/b`, qos: 1, id: 2 }),
    );
    await sender.expect(puback(1), puback(2));
    const again = await wire.connected({ clientId, clean: false }, true);
    await again.expect(publish({ topic: `${own}/b`, qos: 1, id: 1 }));
    await again.expectNothing(50);
  });

  it('loses subscriptions and messages to a clean session of the same id [MQTT-3.1.2-6]', async () => {
    const topic = wire.name('discarded');
    const clientId = wire.name('session');
    const first = await wire.subscribed(topic, 1, { clientId, clean: false });
    await first.drop();
    const sender = await wire.connected();
    sender.send(publish({ topic, payload: 'x', qos: 1, id: 1 }));
    await sender.expect(puback(1));
    const clean = await wire.connected({ clientId, clean: true }, false);
    await clean.expectNothing();
    sender.send(publish({ topic, payload: 'y', qos: 1, id: 2 }));
    await sender.expect(puback(2));
    await clean.expectNothing();
    await clean.drop();
    const again = await wire.connected({ clientId, clean: false }, false);
    await again.expectNothing();
  });
});
