import { expect } from 'chai';
import { publish, type QoS } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 03 PUBLISH with RETAIN to a subscriber that is there', () => {
  const wire = useWire();

  for (const qos of [0, 1, 2] as const satisfies readonly QoS[]) {
    it(`is delivered with RETAIN 0 at QoS ${qos} [MQTT-3.3.1-9]`, async () => {
      const topic = wire.name('retain');
      const client = await wire.subscribed(topic, qos);
      const sender = await wire.connected();
      sender.send(publish({ topic, payload: 'kept', qos, id: 3, retain: true }));
      if (qos === 2) {
        await sender.expect('50 02 00 03');
        sender.send('62 02 00 03');
      }
      const packet = await client.readPublish();
      expect(packet).to.include({ topic, qos, retain: false, dup: false });
      // An empty payload removes what may have been kept, so that no later test meets it.
      const cleaner = await wire.connected();
      cleaner.send(publish({ topic, qos: 1, id: 1, retain: true }));
      await cleaner.expect('40 02 00 01');
    });
  }
});
