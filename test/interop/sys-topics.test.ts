import { expect } from 'chai';
import { topicNames } from '../../src/gateway/sys/sys-topic.ts';
import { brokerTopics, sysTopicTable } from '../../src/gateway/sys/sys-topic-table.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useInterop } from './interop.ts';

describe('interop: $SYS topics and client events', () => {
  // Another server has other topics.
  if (isMosquitto) return;
  const interop = useInterop();

  it('mosquitto_sub gets the whole tree, retained, in the forms of mosquitto', async () => {
    const names = sysTopicTable.flatMap(topicNames);
    const sub = await interop.sub('-t', '$SYS/#', '-q', '2');
    const messages = (await sub.received(names.length)).filter(({ retain }) => retain);
    expect(messages.map(({ topic }) => topic)).to.have.members(names);
    const texts = new Map(messages.map(({ topic, payload }) => [topic, payload.toString()]));
    expect(texts.get('$SYS/broker/version')).to.match(/^lmqtt version \d+\.\d+\.\d+$/);
    expect(texts.get('$SYS/broker/uptime')).to.match(/^\d+ seconds$/);
    for (const name of brokerTopics.flatMap(topicNames).slice(2)) {
      const form = name.includes('/load/') ? /^\d+\.\d\d$/ : /^\d+$/;
      expect(texts.get(name), name).to.match(form);
    }
  });

  it('mosquitto_sub without wildcard gets one value', async () => {
    const sub = await interop.sub('-t', '$SYS/broker/retained messages/count');
    const [message] = await sub.received(1);
    expect(message).to.include({ qos: 0, retain: true });
    expect(message!.payload.toString()).to.match(/^\d+$/);
  });

  it('mosquitto_sub hears of a MQTT.js client that comes and goes', async () => {
    const sub = await interop.sub('-t', '$events/+', '-q', '1');
    const clientId = interop.name('js-client');
    const { client } = await interop.mqttJs({ clientId });
    await client.subscribeAsync('a/b', { qos: 1 });
    await client.endAsync();
    const mine: unknown[] = [];
    for (let count = 1; mine.length < 3; count++) {
      const messages = await sub.received(count);
      const event = JSON.parse(messages[count - 1]!.payload.toString()) as Record<string, unknown>;
      if (event['clientid'] === clientId) mine.push(event['event']);
    }
    expect(mine).to.deep.equal(['client.connected', 'session.subscribed', 'client.disconnected']);
  });
});
