import { DISCONNECT, puback, publish } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 08 retained messages and the session of their publisher', () => {
  const wire = useWire();

  for (const clean of [true, false]) {
    for (const politely of [true, false]) {
      const end = politely ? 'DISCONNECT' : 'a lost connection';
      it(`stay after ${end} of a session with clean session ${clean ? 1 : 0} [MQTT-3.1.2-7]`, async () => {
        const topic = wire.name('retained');
        const clientId = wire.name('publisher');
        const publisher = await wire.connected({ clientId, clean });
        publisher.send(publish({ topic, payload: 'kept', qos: 1, id: 1, retain: true }));
        await publisher.expect(puback(1));
        if (politely) {
          publisher.send(DISCONNECT);
          await publisher.expectClose();
        } else {
          await publisher.drop();
        }
        // The state of a persistent session goes with this.
        const again = await wire.connected({ clientId, clean: true });
        again.send(DISCONNECT);
        await again.expectClose();
        const subscriber = await wire.subscribed(topic, 0);
        await subscriber.expect(publish({ topic, payload: 'kept', retain: true }));
        subscriber.send(publish({ topic, retain: true }));
        await subscriber.expect(publish({ topic }));
      });
    }
  }
});
