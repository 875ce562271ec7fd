import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { Random } from '../helpers/random.ts';
import { useInterop } from './interop.ts';

function digest(payload: Buffer): string {
  return `${payload.length} ${createHash('sha256').update(payload).digest('hex')}`;
}

describe('interop: payloads', () => {
  const interop = useInterop();
  const random = new Random(2);

  for (const qos of [0, 1, 2] as const) {
    it(`near maxPacketSizeInByte at QoS ${qos}, both ways`, async () => {
      const topic = interop.name('large');
      // One byte, four of remaining length, two and the topic, two of packet id.
      const largest = interop.broker.options.maxPacketBytes - 1 - 4 - 2 - topic.length - 2;
      const payload = random.bytes(largest);
      const sub = await interop.sub('-t', topic, '-q', String(qos));
      const receiver = await interop.mqttJs();
      await receiver.client.subscribeAsync(topic, { qos });
      const sender = await interop.mqttJs();
      await sender.client.publishAsync(topic, payload, { qos });
      await interop.pub(['-t', topic, '-q', String(qos), '-s'], payload);
      const wanted = [digest(payload), digest(payload)];
      expect((await receiver.received(2)).map((message) => digest(message.payload))).to.deep.equal(
        wanted,
      );
      expect((await sub.received(2)).map((message) => digest(message.payload))).to.deep.equal(
        wanted,
      );
    });
  }

  it('empty and of any byte, both ways', async () => {
    const topic = interop.name('bytes');
    const sub = await interop.sub('-t', topic, '-q', '1');
    const receiver = await interop.mqttJs();
    await receiver.client.subscribeAsync(topic, { qos: 1 });
    const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    await interop.pub(['-t', topic, '-q', '1', '-n']);
    await interop.pub(['-t', topic, '-q', '1', '-s'], every);
    const sender = await interop.mqttJs();
    await sender.client.publishAsync(topic, every, { qos: 1 });
    await sender.client.publishAsync(topic, Buffer.alloc(0), { qos: 1 });
    const wanted = ['', every.toString('hex'), every.toString('hex'), ''];
    for (const messages of [await sub.received(4), await receiver.received(4)]) {
      expect(messages.map(({ payload }) => payload.toString('hex'))).to.deep.equal(wanted);
    }
  });
});
