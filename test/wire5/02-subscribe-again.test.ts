import { expect } from 'chai';
import { ack5, publish5, subscribe5 } from '../helpers/packets5.ts';
import { useWire5 } from './wire5.ts';

const COUNT = 60;
const SUBSCRIBES = 12;

describe('wire5: 02 SUBSCRIBE of a filter that is there', () => {
  const wire = useWire5();

  it('loses, reorders and doubles nothing that is published meanwhile [MQTT-3.8.4-3] [MQTT-3.8.4-4]', async () => {
    const topic = wire.name('again');
    const client = await wire.subscribed(topic, 1);
    const sender = await wire.connected();
    const each = COUNT / SUBSCRIBES;
    for (let i = 0; i < SUBSCRIBES; i++) {
      const ids = Array.from({ length: each }, (_, n) => i * each + n + 1);
      sender.send(...ids.map((id) => publish5({ topic, payload: String(id), qos: 1, id })));
      client.send(subscribe5(100 + i, [[topic, i % 2 === 0 ? 2 : 1]]));
    }
    const received: string[] = [];
    let subacks = 0;
    while (received.length < COUNT || subacks < SUBSCRIBES) {
      const packet = await client.read();
      if (packet.type === 'suback') subacks++;
      if (packet.type !== 'publish') continue;
      received.push(packet.payload.toString());
      client.send(ack5('puback', packet.id));
    }
    expect(received).to.deep.equal(Array.from({ length: COUNT }, (_, i) => String(i + 1)));
    await client.ping();
  });
});
