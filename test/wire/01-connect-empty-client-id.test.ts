import { connect, DISCONNECT, suback, subscribe, publish } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 01 CONNECT with an empty client id', () => {
  const wire = useWire();

  it('accepts it with clean session 1 and gives each client an id of its own [MQTT-3.1.3-6]', async () => {
    const topic = wire.name('anonymous');
    const first = await wire.connected({ clientId: '' });
    const second = await wire.connected({ clientId: '' });
    for (const client of [first, second]) {
      client.send(subscribe(1, [topic, 0]));
      await client.expect(suback(1, 0));
    }
    first.send(publish({ topic, payload: 'both' }));
    await first.expect(publish({ topic, payload: 'both' }));
    await second.expect(publish({ topic, payload: 'both' }));
  });

  it('starts each time without session present [MQTT-3.2.2-1]', async () => {
    const client = await wire.connected({ clientId: '' });
    client.send(DISCONNECT);
    await client.expectClose();
    await wire.connected({ clientId: '' }, false);
  });

  it('answers CONNACK 2 with clean session 0 and closes [MQTT-3.1.3-7] [MQTT-3.1.3-8] [MQTT-3.1.3-9]', async () => {
    const client = await wire.open();
    client.send(connect({ clientId: '', clean: false }));
    await client.expect('20 02 00 02');
    await client.expectClose();
  });
});
