import { expect } from 'chai';
import { puback, pubcomp, publish, pubrec, pubrel } from '../helpers/packets.ts';
import { ack5, publish5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire5 } from './wire5.ts';

const PROPERTIES = [
  ['contentType', 'text/plain'],
  ['user', ['k', 'v']],
] as const;

describe('wire5: 03 clients of 5.0 and of 3.1.1 meet', () => {
  const wire = useWire5();

  for (const qos of [0, 1, 2] as const) {
    it(`5.0 to 3.1.1 at QoS ${qos}: the properties are left out`, async () => {
      const topic = wire.name('mixed');
      const old = await wire.v4.subscribed(topic, qos);
      const young = await wire.subscribed(topic, qos);
      await wire.published({ topic, payload: 'x', qos, properties: PROPERTIES });
      await old.expect(publish({ topic, payload: 'x', qos, id: 1 }));
      await young.raw.expect(publish5({ topic, payload: 'x', qos, id: 1, properties: PROPERTIES }));
      if (qos < 2) return;
      old.send(pubrec(1));
      await old.expect(pubrel(1));
      old.send(pubcomp(1));
      young.send(ack5('pubrec', 1));
      await young.ack('pubrel', 1);
    });

    it(`3.1.1 to 5.0 at QoS ${qos}: without properties`, async () => {
      const topic = wire.name('mixed');
      const young = await wire.subscribed(topic, qos);
      const old = await wire.v4.subscribed(topic, qos);
      const sender = await wire.v4.connected();
      sender.send(publish({ topic, payload: 'x', qos, id: 1 }));
      if (qos === 1) await sender.expect(puback(1));
      if (qos === 2) {
        await sender.expect(pubrec(1));
        sender.send(pubrel(1));
        await sender.expect(pubcomp(1));
      }
      await young.raw.expect(publish5({ topic, payload: 'x', qos, id: 1 }));
      await old.expect(publish({ topic, payload: 'x', qos, id: 1 }));
    });
  }

  it('a topic alias of a publisher is the whole topic for a subscriber of 3.1.1', async () => {
    const topic = wire.name('mixed');
    const old = await wire.v4.subscribed(topic, 0);
    const sender = await wire.connected();
    const properties = [['topicAlias', 1]] as const;
    sender.send(
      publish5({ topic, payload: '1', properties }),
      publish5({ topic: '', payload: '2', properties }),
    );
    await old.expect(publish({ topic, payload: '1' }), publish({ topic, payload: '2' }));
  });

  it('many of both, through exact and wildcard filters, in order and complete', async () => {
    const own = wire.name('mixed');
    const old = await wire.v4.subscribed(`${own}/+`, 0);
    const young = await wire.subscribed(`${own}/a`, 0);
    const messages = Array.from({ length: 50 }, (_, i) => ({
      topic: `${own}/a`,
      payload: String(i),
      properties: i % 3 === 0 ? PROPERTIES : [],
    }));
    await wire.published(...messages);
    for (const { topic, payload, properties } of messages) {
      await old.expect(publish({ topic, payload }));
      await young.publish({ topic, payload, properties });
    }
  });

  it('P2P: to a client of the other version, properties for 5.0 only', async function () {
    if (isMosquitto) this.skip();
    const [oldId, youngId] = [wire.name('peer'), wire.name('peer')];
    const old = await wire.v4.connected({ clientId: oldId });
    const young = await wire.connected({ clientId: youngId });
    const messages = [oldId, youngId].map((id) => ({
      topic: `t/p2p/${id}`,
      payload: id,
      qos: 1 as const,
      properties: PROPERTIES,
    }));
    await wire.published(...messages);
    await old.expect(publish({ topic: `t/p2p/${oldId}`, payload: oldId, qos: 1, id: 1 }));
    const packet = await young.publish({ topic: `t/p2p/${youngId}`, payload: youngId, qos: 1 });
    expect(packet.properties).to.have.deep.members([...PROPERTIES]);
  });
});
