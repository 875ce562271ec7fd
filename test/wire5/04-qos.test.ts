import { ack5 } from '../helpers/packets5.ts';
import { useWire5 } from './wire5.ts';

const LEVELS = [0, 1, 2] as const;

describe('wire5: 04 publish and subscribe at each QoS', () => {
  const wire = useWire5();

  for (const published of LEVELS) {
    for (const subscribed of LEVELS) {
      const qos = Math.min(published, subscribed);
      it(`published at ${published}, subscribed at ${subscribed}: comes once at ${qos} [MQTT-3.8.4-8] [MQTT-4.3.1-1] [MQTT-4.3.2-2] [MQTT-4.3.3-2]`, async () => {
        const topic = wire.name('qos');
        const receiver = await wire.subscribed(topic, subscribed);
        const properties = [['user', ['k', 'v']]] as const;
        await wire.published(
          { topic, payload: 'a', qos: published, properties },
          { topic, payload: 'b', qos: published, properties },
        );
        const ids: number[] = [];
        for (const payload of ['a', 'b']) {
          const packet = await receiver.publish({ topic, payload, qos, properties, dup: false });
          ids.push(packet.id);
        }
        if (qos === 1) receiver.send(...ids.map((id) => ack5('puback', id)));
        if (qos === 2) {
          receiver.send(...ids.map((id) => ack5('pubrec', id)));
          for (const id of ids) await receiver.ack('pubrel', id);
          receiver.send(...ids.map((id) => ack5('pubcomp', id)));
        }
        await receiver.ping();
      });
    }
  }
});
