import { expect } from 'chai';
import { useInterop } from './interop.ts';

describe('interop: retained messages and wills', () => {
  const interop = useInterop();

  for (const qos of [0, 1, 2] as const) {
    it(`MQTT.js gets what mosquitto_pub retained at QoS ${qos}, until it is cleared`, async () => {
      const topic = interop.name('js-retained');
      await interop.pub(['-t', `${topic}/a`, '-r', '-q', String(qos), '-m', 'kept']);
      const first = await interop.mqttJs();
      await first.client.subscribeAsync(`${topic}/#`, { qos: 2 });
      const [message] = await first.received(1);
      expect(message).to.include({ topic: `${topic}/a`, qos, retain: true });
      await interop.pub(['-t', `${topic}/a`, '-r', '-n']);
      expect((await first.received(2))[1]).to.include({ topic: `${topic}/a`, retain: false });
      const second = await interop.mqttJs();
      await second.client.subscribeAsync(`${topic}/#`, { qos: 2 });
      await second.client.publishAsync(`${topic}/b`, 'end', { qos: 1 });
      expect((await second.received(1)).map(({ payload }) => payload.toString())).to.deep.equal([
        'end',
      ]);
    });
  }

  it('mosquitto_sub gets many that MQTT.js retained', async () => {
    const topic = interop.name('js-retained');
    const sender = await interop.mqttJs();
    const names = Array.from({ length: 500 }, (_, i) => `${topic}/${i}/x`);
    await Promise.all(
      names.map((name) => sender.client.publishAsync(name, name, { qos: 1, retain: true })),
    );
    const sub = await interop.sub('-t', `${topic}/+/x`, '-q', '2');
    const messages = await sub.received(names.length);
    expect(messages.map((message) => message.topic)).to.have.members(names);
  });

  it('the will of a MQTT.js client that loses its connection reaches mosquitto_sub', async () => {
    const topic = interop.name('js-will');
    const sub = await interop.sub('-t', topic, '-q', '1');
    const will = { topic, payload: Buffer.from('gone'), qos: 1, retain: true } as const;
    const client = await interop.mqttJs({ will });
    client.client.stream.destroy();
    const [message] = await sub.received(1);
    expect(message?.payload.toString()).to.equal('gone');
    const late = await interop.mqttJs();
    await late.client.subscribeAsync(topic, { qos: 1 });
    expect((await late.received(1))[0]).to.include({ qos: 1, retain: true });
  });

  it('no will after a disconnect of MQTT.js', async () => {
    const topic = interop.name('js-will');
    const receiver = await interop.mqttJs();
    await receiver.client.subscribeAsync(topic, { qos: 1 });
    const client = await interop.mqttJs({ will: { topic, payload: Buffer.from('gone'), qos: 1 } });
    await client.end();
    await receiver.client.publishAsync(topic, 'end', { qos: 1 });
    expect((await receiver.received(1)).map(({ payload }) => payload.toString())).to.deep.equal([
      'end',
    ]);
  });
});
