import { expect } from 'chai';
import { publish5 } from '../helpers/packets5.ts';
import { allOf, numberOf, valueOf, type Properties } from '../helpers/properties5.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 03 properties of a PUBLISH', () => {
  const wire = useWire5();

  async function passed(properties: Properties, qos: 0 | 1 | 2): Promise<Properties> {
    const topic = wire.name('properties');
    const receiver = await wire.subscribed(topic, qos);
    await wire.published({ topic, payload: 'x', qos, properties });
    const packet = await receiver.publish({ topic, payload: 'x', qos });
    return packet.properties;
  }

  const all = [
    ['payloadFormat', 1],
    ['contentType', 'text/plain; charset=utf-8'],
    ['responseTopic', 'answers/to me/ä'],
    ['correlationData', Buffer.from([0, 0xff, 0x80, 0xc3])],
    ['user', ['key', 'value']],
  ] as const satisfies Properties;

  for (const qos of [0, 1, 2] as const) {
    it(`are passed on unchanged at QoS ${qos} [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-20]`, async () => {
      expect(await passed(all, qos)).to.have.deep.members([...all]);
    });
  }

  it('are none where none were: the property length is 0, and QoS 0 has no id [MQTT-2.2.1-2] [MQTT-2.2.2-1]', async () => {
    const topic = wire.name('properties');
    const receiver = await wire.subscribed(topic, 1);
    await wire.published({ topic, payload: 'zero' }, { topic, payload: 'one', qos: 1 });
    await receiver.raw.expect(publish5({ topic, payload: 'zero' }));
    await receiver.raw.expect(publish5({ topic, payload: 'one', qos: 1, id: 1 }));
  });

  for (const one of all) {
    it(`${one[0]} alone, as exact bytes`, async () => {
      const topic = wire.name('properties');
      const receiver = await wire.subscribed(topic, 1);
      await wire.published({ topic, payload: 'x', qos: 1, properties: [one] });
      await receiver.raw.expect(
        publish5({ topic, payload: 'x', qos: 1, id: 1, properties: [one] }),
      );
    });
  }

  it('user properties keep their order and their repetitions [MQTT-3.3.2-18]', async () => {
    const users = ['b', 'a', 'b', '', 'ключ', 'b', '🚀'].map(
      (name, i) => ['user', [name, i === 5 ? '0' : String(i % 3)]] as const,
    );
    const received = await passed(users, 1);
    expect(allOf(received, 'user')).to.deep.equal(users.map(([, pair]) => pair));
  });

  it('payload format 0, an empty content type and empty correlation data are passed on', async () => {
    const list: Properties = [
      ['payloadFormat', 0],
      ['contentType', ''],
      ['correlationData', Buffer.alloc(0)],
    ];
    const received = await passed(list, 1);
    expect(valueOf(received, 'contentType')).to.equal('');
    expect(valueOf(received, 'correlationData')).to.deep.equal(Buffer.alloc(0));
    expect(valueOf(received, 'payloadFormat')).to.be.oneOf([0, undefined]);
  });

  it('values up to 65,535 bytes and property lengths of three bytes are passed on', async () => {
    const list: Properties = [
      ['contentType', 'c'.repeat(65_535)],
      ['correlationData', Buffer.alloc(65_535, 7)],
      ['user', ['n'.repeat(65_535), 'v'.repeat(65_535)]],
    ];
    expect(await passed(list, 1)).to.have.deep.members([...list]);
  });

  it('three hundred user properties are passed on in order [MQTT-3.3.2-18]', async () => {
    const users = Array.from({ length: 300 }, (_, i) => ['user', [`k${i}`, `v${i}`]] as const);
    expect(await passed(users, 2)).to.deep.equal(users);
  });

  it('reach all subscribers, each as it subscribed', async () => {
    const own = wire.name('properties');
    const topic = `${own}/a`;
    const receivers = [
      await wire.subscribed(topic, 0),
      await wire.subscribed(`${own}/+`, 1),
      await wire.subscribed(`+/a/#`.replace('+', own), 2),
    ];
    await wire.published({ topic, payload: 'x', qos: 2, properties: all });
    for (const [qos, receiver] of receivers.entries()) {
      const packet = await receiver.publish({ topic, payload: 'x', qos });
      expect(packet.properties).to.have.deep.members([...all]);
    }
  });

  it('message expiry is passed on, less the time waited [MQTT-3.3.2-6]', async () => {
    const received = await passed([['messageExpiry', 1000]], 1);
    expect(numberOf(received, 'messageExpiry')).to.be.within(998, 1000);
  });

  it('a topic alias is not passed on', async () => {
    const topic = wire.name('properties');
    const receiver = await wire.subscribed(topic, 1);
    const sender = await wire.connected();
    sender.send(publish5({ topic, payload: 'x', qos: 1, properties: [['topicAlias', 1]] }));
    await sender.accepted('puback', 1);
    await receiver.publish({ topic, payload: 'x', properties: [] });
  });
});
