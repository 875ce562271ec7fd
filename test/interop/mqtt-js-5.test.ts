import { expect } from 'chai';
import type { IPublishPacket } from 'mqtt';
import { within } from '../helpers/eventually.ts';
import { useInterop } from './interop.ts';
import type { MqttJsClient } from './mqtt-js-client.ts';

const VERSION_5 = { protocolVersion: 5 } as const;
const LEVELS = [0, 1, 2] as const;
const TIMEOUT_MS = 5_000;

async function nextPacket(receiver: MqttJsClient): Promise<IPublishPacket> {
  const arrival = new Promise<IPublishPacket>((resolve) => {
    receiver.client.once('message', (_topic, _payload, packet) => {
      resolve(packet);
    });
  });
  return within('a message', TIMEOUT_MS, arrival);
}

describe('interop: MQTT.js as a client of 5.0', () => {
  const interop = useInterop();

  for (const qos of LEVELS) {
    it(`sends and receives with all properties at QoS ${qos}`, async () => {
      const topic = interop.name('js5');
      const receiver = await interop.mqttJs(VERSION_5);
      await receiver.client.subscribeAsync(topic, {
        qos,
        properties: { subscriptionIdentifier: 300 },
      });
      const sender = await interop.mqttJs(VERSION_5);
      const arrival = nextPacket(receiver);
      await sender.client.publishAsync(topic, 'hello', {
        qos,
        properties: {
          payloadFormatIndicator: true,
          messageExpiryInterval: 600,
          contentType: 'text/plain',
          responseTopic: 'answers/1',
          correlationData: Buffer.from([0, 255]),
          userProperties: { b: ['1', '2', '1'], a: 'x' },
        },
      });
      const { payload, properties, qos: received } = await arrival;
      expect([payload.toString(), received]).to.deep.equal(['hello', qos]);
      expect(properties?.messageExpiryInterval).to.be.within(598, 600);
      expect({ ...properties?.userProperties }).to.deep.equal({ b: ['1', '2', '1'], a: 'x' });
      expect(properties).to.deep.include({
        payloadFormatIndicator: true,
        contentType: 'text/plain',
        responseTopic: 'answers/1',
        correlationData: Buffer.from([0, 255]),
        subscriptionIdentifier: 300,
      });
    });

    it(`exchanges messages with a client of 3.1.1 at QoS ${qos}`, async () => {
      const topic = interop.name('js5');
      const [old, young] = [await interop.mqttJs(), await interop.mqttJs(VERSION_5)];
      for (const client of [old, young]) await client.client.subscribeAsync(topic, { qos });
      await old.client.publishAsync(topic, 'from 3.1.1', { qos });
      await young.client.publishAsync(topic, 'from 5.0', { qos, properties: { contentType: 'x' } });
      for (const client of [old, young]) {
        const messages = await client.received(2);
        expect(messages.map(({ payload }) => payload.toString())).to.have.members([
          'from 3.1.1',
          'from 5.0',
        ]);
      }
    });
  }

  for (const qos of LEVELS) {
    it(`finds the topics behind the aliases of the server at QoS ${qos}`, async () => {
      const own = interop.name('js5');
      const receiver = await interop.mqttJs({ ...VERSION_5, properties: { topicAliasMaximum: 3 } });
      let aliased = 0;
      receiver.client.on('packetreceive', (packet) => {
        if (packet.cmd === 'publish' && packet.properties?.topicAlias !== undefined) aliased++;
      });
      await receiver.client.subscribeAsync(`${own}/#`, { qos });
      const sender = await interop.mqttJs(VERSION_5);
      const topics = Array.from({ length: 60 }, (_, i) => `${own}/${(i * i) % 7}`);
      for (const topic of topics) await sender.client.publishAsync(topic, topic, { qos });
      const messages = await receiver.received(topics.length);
      expect(messages.map(({ topic }) => topic)).to.deep.equal(topics);
      expect(messages.map(({ payload }) => payload.toString())).to.deep.equal(topics);
      // MQTT.js would give messages of QoS 2 without their topic, so they are sent with it.
      if (qos === 2) expect(aliased).to.equal(0);
      else expect(aliased).to.be.above(topics.length / 2);
    });
  }

  it('publishes many messages through topic aliases of its own', async () => {
    const own = interop.name('js5');
    const receiver = await interop.mqttJs({ ...VERSION_5, properties: { topicAliasMaximum: 5 } });
    await receiver.client.subscribeAsync(`${own}/#`, { qos: 1 });
    const sender = await interop.mqttJs({ ...VERSION_5, autoAssignTopicAlias: true });
    const topics = Array.from({ length: 60 }, (_, i) => `${own}/${i % 15}`);
    for (const topic of topics) await sender.client.publishAsync(topic, topic, { qos: 1 });
    const messages = await receiver.received(topics.length);
    expect(messages.map(({ topic }) => topic)).to.deep.equal(topics);
    expect(messages.map(({ payload }) => payload.toString())).to.deep.equal(topics);
  });

  it('comes back to its session within the session expiry interval', async () => {
    const topic = interop.name('js5');
    const options = {
      ...VERSION_5,
      clientId: interop.name('js5-session'),
      clean: false,
      properties: { sessionExpiryInterval: 60 },
    };
    const first = await interop.mqttJs(options);
    expect(first.sessionPresent).to.equal(false);
    await first.client.subscribeAsync(topic, { qos: 2 });
    await first.end();
    const sender = await interop.mqttJs(VERSION_5);
    for (const payload of ['a', 'b']) await sender.client.publishAsync(topic, payload, { qos: 2 });
    const again = await interop.mqttJs(options);
    expect(again.sessionPresent).to.equal(true);
    const messages = await again.received(2);
    expect(messages.map(({ payload }) => payload.toString())).to.deep.equal(['a', 'b']);
  });

  it('does not hear itself with no local, and keeps RETAIN with retain as published', async () => {
    const topic = interop.name('js5');
    const client = await interop.mqttJs(VERSION_5);
    await client.client.subscribeAsync(topic, { qos: 1, nl: true, rap: true });
    await client.client.publishAsync(topic, 'own', { qos: 1 });
    const sender = await interop.mqttJs(VERSION_5);
    await sender.client.publishAsync(topic, 'other', { qos: 1, retain: true });
    const [message] = await client.received(1);
    expect(message).to.include({ retain: true });
    expect(message?.payload.toString()).to.equal('other');
    await sender.client.publishAsync(topic, '', { qos: 1, retain: true });
  });
});
