import { connack, connect, DISCONNECT, publish } from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire } from './wire.ts';

describe('wire: 09 will: not published', () => {
  const wire = useWire();

  for (const clean of [true, false]) {
    it(`after DISCONNECT, clean session ${clean ? 1 : 0} [MQTT-3.1.2-10] [MQTT-3.14.4-3]`, async () => {
      const topic = wire.name('will');
      const watcher = await wire.subscribed(topic, 1);
      const client = await wire.connected({ clean, will: { topic, payload: 'gone', qos: 1 } });
      client.send(DISCONNECT);
      await client.expectClose();
      await watcher.expectNothing();
    });
  }

  it('a second time: not by a connection without a will flag [MQTT-3.1.2-12] [MQTT-3.1.2-10]', async () => {
    const topic = wire.name('will');
    const clientId = wire.name('client');
    const watcher = await wire.subscribed(topic, 0);
    const client = await wire.connected({
      clientId,
      clean: false,
      will: { topic, payload: 'one' },
    });
    await client.drop();
    await watcher.expect(publish({ topic, payload: 'one' }));
    // The session has come back, its will has not.
    const second = await wire.connected({ clientId, clean: false }, true);
    await second.drop();
    await watcher.expectNothing();
  });

  it('instead of that of a later connection', async () => {
    const topic = wire.name('will');
    const clientId = wire.name('client');
    const watcher = await wire.subscribed(topic, 0);
    const first = await wire.connected({ clientId, will: { topic, payload: 'one' } });
    first.send(DISCONNECT);
    await first.expectClose();
    const second = await wire.connected({ clientId, will: { topic, payload: 'two' } });
    await second.drop();
    await watcher.expect(publish({ topic, payload: 'two' }));
    await watcher.expectNothing(50);
  });

  it('when CONNECT is refused: a will topic with wildcards closes the connection', async () => {
    const own = wire.name('will');
    const watcher = await wire.subscribed(`${own}/#`, 1);
    const client = await wire.open();
    client.send(connect({ clientId: wire.name('c'), will: { topic: `${own}/+`, payload: 'x' } }));
    await client.expectClose();
    await watcher.expectNothing(50);
  });
});

describe('wire: 09 will: topic that may not be published', () => {
  // Registration of first levels is a feature of this gateway.
  if (isMosquitto) return;
  const wire = useWire({ autoCreateTopic: false });

  it('is refused with CONNACK 5 [MQTT-3.2.2-5]', async () => {
    const client = await wire.open();
    client.send(connect({ clientId: 'c', will: { topic: 'unknown/will', payload: 'x' } }));
    await client.expect(connack(5));
    await client.expectClose();
  });
});
