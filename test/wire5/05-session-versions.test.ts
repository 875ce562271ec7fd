import { DISCONNECT, puback, publish } from '../helpers/packets.ts';
import { ack5, disconnect5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire5 } from './wire5.ts';

const PROPERTIES = [['user', ['k', 'v']]] as const;

describe('wire5: 05 a session is resumed with the other version', () => {
  const wire = useWire5();

  it('of 5.0 by 3.1.1: properties are left out', async () => {
    const topic = wire.name('mixed');
    const clientId = wire.name('session');
    const first = await wire.lasting(clientId);
    await wire.subscribe(first, topic, 1);
    await wire.published({ topic, payload: 'a', qos: 1, properties: PROPERTIES });
    await first.publish({ payload: 'a', id: 1, properties: PROPERTIES });
    first.send(disconnect5());
    await first.raw.expectClose();
    await wire.published({ topic, payload: 'b', qos: 1, properties: PROPERTIES });
    const again = await wire.v4.connected({ clientId, clean: false }, true);
    await again.expect(publish({ topic, payload: 'a', qos: 1, id: 1, dup: true }));
    await again.expect(publish({ topic, payload: 'b', qos: 1, id: 2 }));
    again.send(puback(1), puback(2));
    await again.expectNothing(50);
  });

  it('of 3.1.1 by 5.0: properties are there', async () => {
    const topic = wire.name('mixed');
    const clientId = wire.name('session');
    const first = await wire.v4.subscribed(topic, 1, { clientId, clean: false });
    await wire.published({ topic, payload: 'a', qos: 1, properties: PROPERTIES });
    await first.expect(publish({ topic, payload: 'a', qos: 1, id: 1 }));
    first.send(DISCONNECT);
    await first.expectClose();
    await wire.published({ topic, payload: 'b', qos: 1, properties: PROPERTIES });
    const again = await wire.lasting(clientId, true);
    await again.publish({ payload: 'a', id: 1, dup: true, properties: PROPERTIES });
    await again.publish({ payload: 'b', id: 2, dup: false, properties: PROPERTIES });
    again.send(ack5('puback', 1), ack5('puback', 2));
    await again.raw.expectNothing(50);
  });

  it('is ended by a clean session of 3.1.1 [MQTT-3.1.2-4]', async () => {
    const clientId = wire.name('session');
    const first = await wire.lasting(clientId);
    await first.raw.drop();
    const clean = await wire.v4.connected({ clientId });
    clean.send(DISCONNECT);
    await clean.expectClose();
    await wire.lasting(clientId, false);
  });

  it('outlives a connection of 3.1.1 with clean session 0, which has no expiry', async function () {
    if (isMosquitto) this.skip();
    const clientId = wire.name('session');
    const first = await wire.connected({ clientId, properties: [['sessionExpiry', 1]] });
    first.send(disconnect5());
    await first.raw.expectClose();
    const second = await wire.v4.connected({ clientId, clean: false }, true);
    second.send(DISCONNECT);
    await second.expectClose();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await wire.connected({ clientId, clean: false }, true);
  });
});
