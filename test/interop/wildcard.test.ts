import { expect } from 'chai';
import { useInterop } from './interop.ts';

describe('interop: wildcards and unusual topics', () => {
  const interop = useInterop();

  it('mosquitto_pub to wildcard subscriptions of MQTT.js', async () => {
    const own = interop.name('wild');
    const receiver = await interop.mqttJs();
    await receiver.client.subscribeAsync([`${own}/+/c`, `+/${own}/q`, `x/${own}/d/#`], { qos: 1 });
    const topics = [`${own}/b/c`, `a/${own}/q`, `x/${own}/d`, `x/${own}/d/e`];
    for (const topic of [`${own}/b/d`, ...topics, `y/x/${own}`]) {
      await interop.pub(['-t', topic, '-q', '1', '-m', topic]);
    }
    const messages = await receiver.received(topics.length);
    expect(messages.map(({ topic }) => topic)).to.deep.equal(topics);
    expect(messages.map(({ payload }) => payload.toString())).to.deep.equal(topics);
  });

  it('MQTT.js to wildcard subscriptions of mosquitto_sub', async () => {
    const own = interop.name('wild');
    const sub = await interop.sub('-t', `+/${own}/+`, '-t', `${own}/#`, '-q', '2');
    const sender = await interop.mqttJs();
    const topics = [`a/${own}/b`, own, `${own}/`, `${own}/x/y`, `/${own}/`];
    for (const topic of [`a/b/${own}`, ...topics]) {
      await sender.client.publishAsync(topic, 'x', { qos: 2 });
    }
    const messages = await sub.received(topics.length);
    expect(messages.map(({ topic }) => topic)).to.have.ordered.members(topics);
  });

  it('topics and payloads in many scripts, both ways', async () => {
    const own = interop.name('größe');
    const topics = [`${own}/温度/Москва`, `${own}/🚀 🛰/ñ`, `${own}/עברית/a b`, `${own}/%41/\\/"`];
    const sub = await interop.sub('-t', `${own}/#`, '-q', '1');
    const receiver = await interop.mqttJs();
    await receiver.client.subscribeAsync(`${own}/+/+`, { qos: 1 });
    const sender = await interop.mqttJs();
    for (const topic of topics) await sender.client.publishAsync(topic, topic, { qos: 1 });
    for (const topic of topics) await interop.pub(['-t', topic, '-q', '1', '-m', topic]);
    const all = [...topics, ...topics];
    const ofThreeLevels = all.filter((topic) => topic.split('/').length === 3);
    const bySub = await sub.received(all.length);
    const byReceiver = await receiver.received(ofThreeLevels.length);
    expect(bySub.map(({ topic }) => topic)).to.deep.equal(all);
    expect(byReceiver.map(({ topic }) => topic)).to.deep.equal(ofThreeLevels);
    for (const { topic, payload } of [...bySub, ...byReceiver]) {
      expect(payload.toString()).to.equal(topic);
    }
  });
});
