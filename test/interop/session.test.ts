import { expect } from 'chai';
import { useInterop } from './interop.ts';

const COUNT = 25;
const PAYLOADS = Array.from({ length: COUNT }, (_, i) => `kept ${i}`);

describe('interop: persistent sessions', () => {
  const interop = useInterop();

  for (const qos of [1, 2] as const) {
    it(`MQTT.js comes back for what mosquitto_pub sent at QoS ${qos}`, async () => {
      const topic = interop.name('back');
      const options = { clientId: interop.name('js-session'), clean: false };
      const first = await interop.mqttJs(options);
      expect(first.sessionPresent).to.equal(false);
      await first.client.subscribeAsync(`${topic}/#`, { qos });
      await first.end();
      await interop.pub(['-t', `${topic}/a`, '-q', String(qos), '-l'], PAYLOADS.join('\n'));
      const again = await interop.mqttJs(options);
      expect(again.sessionPresent).to.equal(true);
      const messages = await again.received(COUNT);
      expect(messages.map(({ payload }) => payload.toString())).to.deep.equal(PAYLOADS);
      await again.end();
      const third = await interop.mqttJs(options);
      expect(third.sessionPresent).to.equal(true);
      await third.client.publishAsync(`${topic}/b`, 'new', { qos });
      expect((await third.received(1)).map(({ payload }) => payload.toString())).to.deep.equal([
        'new',
      ]);
    });

    it(`mosquitto_sub comes back for what MQTT.js sent at QoS ${qos}`, async () => {
      const topic = interop.name('back');
      const session = [
        '-c',
        '-i',
        interop.name('mosquitto-session'),
        '-t',
        topic,
        '-q',
        String(qos),
      ];
      const first = await interop.sub(...session, '-E');
      await first.ended();
      const sender = await interop.mqttJs();
      for (const payload of PAYLOADS) await sender.client.publishAsync(topic, payload, { qos });
      const again = await interop.sub(...session, '-C', String(COUNT));
      await again.ended();
      expect(again.messages.map(({ payload }) => payload.toString())).to.deep.equal(PAYLOADS);
    });
  }

  it('a clean session of MQTT.js forgets', async () => {
    const topic = interop.name('clean');
    const clientId = interop.name('js-session');
    const first = await interop.mqttJs({ clientId, clean: false });
    await first.client.subscribeAsync(topic, { qos: 1 });
    await first.end();
    const clean = await interop.mqttJs({ clientId, clean: true });
    await clean.end();
    await interop.pub(['-t', topic, '-q', '1', '-m', 'missed']);
    const again = await interop.mqttJs({ clientId, clean: false });
    expect(again.sessionPresent).to.equal(false);
    await again.client.subscribeAsync(topic, { qos: 1 });
    await interop.pub(['-t', topic, '-q', '1', '-m', 'seen']);
    const messages = await again.received(1);
    expect(messages.map(({ payload }) => payload.toString())).to.deep.equal(['seen']);
  });

  it('MQTT.js unsubscribes and misses nothing else', async () => {
    const own = interop.name('leave');
    const receiver = await interop.mqttJs();
    await receiver.client.subscribeAsync([`${own}/a`, `${own}/b`], { qos: 1 });
    await receiver.client.unsubscribeAsync(`${own}/a`);
    await interop.pub(['-t', `${own}/a`, '-q', '1', '-m', 'a']);
    await interop.pub(['-t', `${own}/b`, '-q', '1', '-m', 'b']);
    const messages = await receiver.received(1);
    expect(messages.map(({ payload }) => payload.toString())).to.deep.equal(['b']);
  });
});
