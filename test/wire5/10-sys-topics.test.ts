import { expect } from 'chai';
import { ack5, publish5, subscribe5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire5 } from './wire5.ts';

const UPTIME = '$SYS/broker/uptime';

describe('wire5: 10 $SYS topics', () => {
  if (isMosquitto) return;
  const wire = useWire5({ environment: { LMQTT_CONNECT_SYS_TOPICS_INTERVAL: '1' } });

  it('carry the subscription identifier, with RETAIN 1 and with RETAIN 0', async () => {
    const client = await wire.subscribed(UPTIME, 1, {}, {}, [['subscriptionId', 9]]);
    const properties = [['subscriptionId', 9]] as const;
    await client.publish({ topic: UPTIME, qos: 0, retain: true, properties });
    await client.publish({ topic: UPTIME, qos: 0, retain: false, properties });
  });

  it('keep RETAIN 1 for a subscription with retain as published [MQTT-3.3.1-13]', async () => {
    const options = { retainAsPublished: true, retainHandling: 2 } as const;
    const client = await wire.subscribed(UPTIME, 0, {}, options);
    await client.publish({ topic: UPTIME, retain: true });
  });

  it('come later only with retain handling 2 [MQTT-3.3.1-11]', async () => {
    const client = await wire.subscribed('$SYS/broker/version', 0, {}, { retainHandling: 2 });
    await client.raw.expectNothing();
  });

  it('reach one member of a shared subscription, without retained values', async () => {
    const filter = `$share/${wire.name('group')}/${UPTIME}`;
    const members = [await wire.subscribed(filter, 0), await wire.subscribed(filter, 0)];
    const packets = await Promise.all(members.map((member) => member.publish({ topic: UPTIME })));
    expect(packets.map(({ retain }) => retain)).to.deep.equal([false, false]);
    const texts = packets.map(({ payload }) => String(payload));
    expect(new Set(texts).size).to.equal(2);
  });

  it('are refused to a publisher by reason code', async () => {
    const client = await wire.connected();
    for (const topic of [UPTIME, '$events/client_connected']) {
      client.send(publish5({ topic, payload: 'forged', qos: 1, id: 3 }));
      await client.ack('puback', 3, 0x90);
      client.send(publish5({ topic, payload: 'forged', qos: 2, id: 4 }));
      await client.ack('pubrec', 4, 0x90);
      client.send(ack5('pubrel', 4));
      await client.ack('pubcomp', 4, 0x00, 0x92);
    }
    client.send(subscribe5(5, [['$SYS/x', 0]]));
    await client.suback(5, 0);
  });
});
