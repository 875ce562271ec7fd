import { expect } from 'chai';
import { useWire5 } from './wire5.ts';

describe('wire5: 02 overlapping subscriptions', () => {
  const wire = useWire5();

  for (const qos of [0, 1, 2] as const) {
    it(`of QoS 0, 1 and 2: a message at QoS ${qos} comes at it, and further copies at theirs [MQTT-3.3.4-2]`, async () => {
      const own = wire.name('overlap');
      const topic = `${own}/a`;
      const client = await wire.connected();
      await wire.subscribe(client, topic, 0);
      await wire.subscribe(client, `${own}/+`, 2);
      await wire.subscribe(client, `${own}/#`, 1);
      await wire.published({ topic, payload: 'x', qos });
      await wire.published({ topic: `${own}/b`, payload: 'end' });
      const levels: number[] = [];
      for (let ends = 0; ends === 0;) {
        const packet = await client.publish();
        if (packet.topic === topic) levels.push(packet.qos);
        else ends++;
      }
      expect(Math.max(...levels)).to.equal(qos);
      const copies = [0, 1, 2].map((level) => Math.min(level, qos)).sort();
      if (levels.length > 1) expect(levels.sort()).to.deep.equal(copies);
    });
  }
});
