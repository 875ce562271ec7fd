import { expect } from 'chai';
import { publish, type QoS } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

const LEVELS: readonly QoS[] = [0, 1, 2];

describe('wire: 03 the QoS of delivery', () => {
  const wire = useWire();

  for (const published of LEVELS) {
    for (const subscribed of LEVELS) {
      const lower = Math.min(published, subscribed);
      it(`published ${published}, subscribed ${subscribed}: delivered at ${lower} [MQTT-3.8.4-6] (§4.3)`, async () => {
        const topic = wire.name('min');
        const exact = await wire.subscribed(topic, subscribed);
        const wildcard = await wire.subscribed(`+/${topic}`, subscribed);
        const sender = await wire.connected();
        for (const name of [topic, `a/${topic}`]) {
          sender.send(publish({ topic: name, payload: 'x', qos: published, id: 1 }));
          if (published === 1) await sender.expect('40 02 00 01');
          if (published === 2) {
            await sender.expect('50 02 00 01');
            sender.send('62 02 00 01');
            await sender.expect('70 02 00 01');
          }
        }
        const id = lower === 0 ? 0 : 1;
        expect(await exact.readPublish()).to.include({
          topic,
          qos: lower,
          id,
          dup: false,
          retain: false,
        });
        expect(await wildcard.readPublish()).to.include({ topic: `a/${topic}`, qos: lower, id });
        await exact.expectNothing(20);
        await wildcard.expectNothing(20);
      });
    }
  }
});
