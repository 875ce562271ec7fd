import { ack5, publish5 } from '../helpers/packets5.ts';
import { numberOf, type Properties } from '../helpers/properties5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { expect } from 'chai';
import type { Client5 } from './client5.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 03 receive maximum', () => {
  const wire = useWire5();

  async function limited(topic: string, receiveMaximum: number): Promise<Client5> {
    const client = await wire.connected({ properties: [['receiveMaximum', receiveMaximum]] });
    await wire.subscribe(client, topic, 2);
    return client;
  }

  async function publishMany(topic: string, qos: 1 | 2, count: number): Promise<void> {
    const messages = Array.from({ length: count }, (_, i) => ({
      topic,
      payload: String(i + 1),
      qos,
    }));
    await wire.published(...messages);
  }

  it('of the client bounds what is not acknowledged at QoS 1, and each PUBACK lets one more come [MQTT-3.3.4-9] [MQTT-4.9.0-1] [MQTT-4.9.0-2]', async () => {
    const topic = wire.name('window');
    const client = await limited(topic, 3);
    await publishMany(topic, 1, 8);
    for (const payload of ['1', '2', '3']) await client.publish({ payload, qos: 1 });
    await client.raw.expectNothing();
    client.send(ack5('puback', 2));
    const fourth = await client.publish({ payload: '4', qos: 1 });
    // mosquitto 2.0.11 miscounts from here on.
    if (isMosquitto) return;
    await client.raw.expectNothing();
    client.send(ack5('puback', 1), ack5('puback', 3), ack5('puback', fourth.id));
    for (const payload of ['5', '6', '7']) await client.publish({ payload, qos: 1 });
    await client.raw.expectNothing();
  });

  it('counts QoS 2 until PUBCOMP [MQTT-3.3.4-9] [MQTT-4.9.0-2]', async () => {
    const topic = wire.name('window');
    const client = await limited(topic, 2);
    await publishMany(topic, 2, 3);
    const first = await client.publish({ payload: '1', qos: 2 });
    await client.publish({ payload: '2', qos: 2 });
    client.send(ack5('pubrec', first.id));
    await client.ack('pubrel', first.id);
    await client.raw.expectNothing();
    client.send(ack5('pubcomp', first.id));
    await client.publish({ payload: '3', qos: 2 });
  });

  it('is freed by a PUBREC with an error, which ends the flow [MQTT-4.4.0-2] [MQTT-4.9.0-2]', async () => {
    const topic = wire.name('window');
    const client = await limited(topic, 1);
    await publishMany(topic, 2, 2);
    const first = await client.publish({ payload: '1', qos: 2 });
    client.send(ack5('pubrec', first.id, 0x97));
    const second = await client.publish({ payload: '2', qos: 2 });
    client.send(ack5('pubrec', second.id));
    await client.ack('pubrel', second.id);
  });

  it('is freed by a PUBACK with an error [MQTT-4.4.0-2]', async () => {
    const topic = wire.name('window');
    const client = await limited(topic, 1);
    await publishMany(topic, 1, 2);
    const first = await client.publish({ payload: '1', qos: 1 });
    client.send(ack5('puback', first.id, 0x83, [['reasonString', 'no room']]));
    await client.publish({ payload: '2', qos: 1 });
    await client.raw.expectNothing(50);
  });

  it('is freed by acknowledgements in every form: short, with code, with properties', async () => {
    const topic = wire.name('window');
    const client = await limited(topic, 1);
    await publishMany(topic, 1, 4);
    const forms: readonly (readonly [code?: number, list?: Properties])[] = [
      [],
      [0x00],
      [0x00, []],
      [
        0x10,
        [
          ['user', ['k', 'v']],
          ['reasonString', 'ok'],
          ['user', ['k', 'v']],
        ],
      ],
    ];
    for (const [i, form] of forms.entries()) {
      const packet = await client.publish({ payload: String(i + 1) });
      client.send(ack5('puback', packet.id, ...form));
    }
    await client.ping();
  });

  it('does not hold back QoS 0 nor other packets [MQTT-3.3.4-10] [MQTT-4.9.0-3]', async () => {
    const topic = wire.name('window');
    const client = await limited(topic, 1);
    await publishMany(topic, 1, 2);
    await client.publish({ payload: '1', qos: 1 });
    await wire.published({ topic, payload: 'zero' });
    await client.publish({ payload: 'zero', qos: 0 });
    await client.ping();
  });

  it('holds again for what is sent after a reconnect [MQTT-4.9.0-1]', async () => {
    const topic = wire.name('window');
    const clientId = wire.name('session');
    const first = await wire.lasting(clientId, false, [['receiveMaximum', 10]]);
    await wire.subscribe(first, topic, 1);
    await publishMany(topic, 1, 6);
    for (let i = 1; i <= 6; i++) await first.publish({ payload: String(i) });
    await first.raw.drop();
    // mosquitto 2.0.11 sends all of the earlier window at once.
    if (isMosquitto) return;
    const again = await wire.lasting(clientId, true, [['receiveMaximum', 2]]);
    await again.publish({ payload: '1', dup: true, id: 1 });
    await again.publish({ payload: '2', dup: true, id: 2 });
    await again.raw.expectNothing();
    for (let id = 1; id <= 4; id++) {
      again.send(ack5('puback', id));
      await again.publish({ payload: String(id + 2), dup: true, id: id + 2 });
    }
  });

  it('does not stop other subscribers', async () => {
    const topic = wire.name('window');
    const slow = await limited(topic, 1);
    const quick = await limited(topic, 100);
    await publishMany(topic, 1, 5);
    for (let i = 1; i <= 5; i++) await quick.publish({ payload: String(i) });
    await slow.publish({ payload: '1' });
    await slow.raw.expectNothing(50);
  });

  it('of the server: as many QoS 2 messages as it says may be open, one more is DISCONNECT 0x93 [MQTT-3.3.4-7]', async () => {
    const topic = wire.name('window');
    const client = await wire.connected();
    const maximum = numberOf(client.connack.properties, 'receiveMaximum') ?? 65_535;
    const packets = Array.from({ length: maximum }, (_, i) =>
      publish5({ topic, payload: 'x', qos: 2, id: i + 1 }),
    );
    client.send(Buffer.concat(packets));
    for (let id = 1; id <= maximum; id++) await client.accepted('pubrec', id);
    // PUBREL frees one place.
    client.send(ack5('pubrel', 1));
    await client.ack('pubcomp', 1);
    client.send(publish5({ topic, payload: 'x', qos: 2, id: 1 }));
    await client.accepted('pubrec', 1);
    // mosquitto answers PUBREC 0x97.
    if (maximum === 65_535 || isMosquitto) return;
    client.send(publish5({ topic, payload: 'x', qos: 2, id: maximum + 1 }));
    await client.disconnected(0x93);
  });

  it('of the server is announced above 0', async () => {
    const { connack } = await wire.connected();
    expect(numberOf(connack.properties, 'receiveMaximum') ?? 65_535).to.be.within(1, 65_535);
  });
});
