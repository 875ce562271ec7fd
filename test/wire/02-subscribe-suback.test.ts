import { PINGREQ, PINGRESP, suback, subscribe } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 02 SUBSCRIBE is answered', () => {
  const wire = useWire();

  for (const qos of [0, 1, 2] as const) {
    it(`grants QoS ${String(qos)} with the same packet id [MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-3.8.4-5] [MQTT-2.3.1-7]`, async () => {
      const client = await wire.connected();
      client.send(subscribe(0x1234, [wire.name('suback'), qos]));
      await client.expect(`90 03 12 34 0${String(qos)}`);
    });
  }

  it('answers several filters in order with one SUBACK [MQTT-3.8.4-4] [MQTT-3.9.3-1]', async () => {
    const client = await wire.connected();
    const first = wire.name('several');
    client.send(subscribe(65535, [first, 2], [`${first}/+`, 0], [`${first}/#`, 1], ['$x/y', 2]));
    await client.expect(suback(65535, 2, 0, 1, 2));
  });

  it('accepts filters of unusual but legal shape [MQTT-4.7.3-1]', async () => {
    const client = await wire.connected();
    client.send(
      subscribe(
        1,
        ['/', 0],
        ['//', 0],
        [' ', 0],
        ['a b/ü/客', 0],
        ['+', 0],
        ['/+', 0],
        ['+/+/#', 0],
      ),
    );
    await client.expect(suback(1, 0, 0, 0, 0, 0, 0, 0));
  });

  it('takes a thousand filters in one packet', async () => {
    const client = await wire.connected();
    const stem = wire.name('many');
    const filters = Array.from({ length: 1000 }, (_, i) => [`${stem}/${String(i)}`, 1] as const);
    client.send(subscribe(1, ...filters));
    await client.expect(suback(1, ...filters.map(([, qos]) => qos)));
    client.send(PINGREQ);
    await client.expect(PINGRESP);
  });
});
