import { expect } from 'chai';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useInterop } from './interop.ts';

const LEVELS = [0, 1, 2] as const;
const COUNT = 20;
const PAYLOADS = Array.from({ length: COUNT }, (_, i) => `message ${i}`);

describe('interop: messages at each QoS', () => {
  const interop = useInterop();

  for (const qos of LEVELS) {
    it(`MQTT.js to MQTT.js at QoS ${qos} [MQTT-7.0.0-2]`, async () => {
      const topic = interop.name('js/js');
      const receiver = await interop.mqttJs();
      await receiver.client.subscribeAsync(topic, { qos });
      const sender = await interop.mqttJs();
      for (const payload of PAYLOADS) await sender.client.publishAsync(topic, payload, { qos });
      const messages = await receiver.received(COUNT);
      expect(messages.map(({ payload }) => payload.toString())).to.deep.equal(PAYLOADS);
      expect(messages.map((message) => message.qos)).to.deep.equal(PAYLOADS.map(() => qos));
    });

    it(`mosquitto_pub to mosquitto_sub at QoS ${qos} [MQTT-7.0.0-2]`, async () => {
      const topic = interop.name('mosquitto/mosquitto');
      const sub = await interop.sub('-t', topic, '-q', String(qos), '-C', String(COUNT));
      await interop.pub(['-t', topic, '-q', String(qos), '-l'], PAYLOADS.join('\n'));
      await sub.ended();
      expect(sub.messages.map(({ payload }) => payload.toString())).to.deep.equal(PAYLOADS);
      expect(sub.messages.map((message) => message.qos)).to.deep.equal(PAYLOADS.map(() => qos));
    });

    it(`mosquitto_pub to MQTT.js at QoS ${qos}`, async () => {
      const topic = interop.name('mosquitto/js');
      const receiver = await interop.mqttJs();
      await receiver.client.subscribeAsync(topic, { qos });
      await interop.pub(['-t', topic, '-q', String(qos), '-l'], PAYLOADS.join('\n'));
      const messages = await receiver.received(COUNT);
      expect(messages.map(({ payload }) => payload.toString())).to.deep.equal(PAYLOADS);
    });

    it(`MQTT.js to mosquitto_sub at QoS ${qos}`, async () => {
      const topic = interop.name('js/mosquitto');
      const sub = await interop.sub('-t', topic, '-q', String(qos));
      const sender = await interop.mqttJs();
      await Promise.all(
        PAYLOADS.map((payload) => sender.client.publishAsync(topic, payload, { qos })),
      );
      const messages = await sub.received(COUNT);
      expect(messages.map(({ payload }) => payload.toString())).to.deep.equal(PAYLOADS);
    });
  }

  it('a hundred messages at QoS 2 at a time, exactly once each', async () => {
    const topic = interop.name('js/many');
    const receiver = await interop.mqttJs();
    await receiver.client.subscribeAsync(topic, { qos: 2 });
    const sender = await interop.mqttJs();
    // mosquitto closes on more than 20 at a time, and MQTT.js cannot know.
    const count = isMosquitto ? 20 : 100;
    const payloads = Array.from({ length: count }, (_, i) => String(i));
    await Promise.all(
      payloads.map((payload) => sender.client.publishAsync(topic, payload, { qos: 2 })),
    );
    const messages = await receiver.received(count);
    expect(messages.map(({ payload }) => payload.toString())).to.deep.equal(payloads);
  });
});
