import {
  DISCONNECT,
  PINGREQ,
  puback,
  pubcomp,
  publish,
  pubrec,
  pubrel,
  subscribe,
  unsubscribe,
} from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 01 CONNECT comes first', () => {
  const wire = useWire();

  const others = [
    ['PUBLISH QoS 1', publish({ topic: 'early', qos: 1, id: 1 })],
    ['PUBACK', puback(1)],
    ['PUBREC', pubrec(1)],
    ['PUBREL', pubrel(1)],
    ['PUBCOMP', pubcomp(1)],
    ['SUBSCRIBE', subscribe(1, ['#', 0])],
    ['UNSUBSCRIBE', unsubscribe(1, '#')],
    ['PINGREQ', PINGREQ],
    ['DISCONNECT', DISCONNECT],
  ] as const;
  for (const [name, bytes] of others) {
    it(`closes on ${name} before CONNECT and answers nothing [MQTT-3.1.0-1]`, async () => {
      const client = await wire.open();
      client.send(bytes);
      await client.expectClose();
    });
  }

  it('does not deliver what was published before CONNECT [MQTT-3.1.0-1]', async () => {
    const topic = wire.name('early');
    const watcher = await wire.subscribed(topic, 0);
    const client = await wire.open();
    client.send(publish({ topic, payload: 'early' }));
    await client.expectClose();
    await watcher.expectNothing();
  });

  it('closes on a second CONNECT [MQTT-3.1.0-2]', async () => {
    const client = await wire.connected({ clientId: 'twice' });
    client.send('10 11 00 04 4d 51 54 54 04 02 00 3c 00 05 74 77 69 63 65');
    await client.expectClose();
  });
});
