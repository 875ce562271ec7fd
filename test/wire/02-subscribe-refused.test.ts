import { expect } from 'chai';
import { PINGREQ, PINGRESP, publish, suback, subscribe } from '../helpers/packets.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire } from './wire.ts';

describe('wire: 02 SUBSCRIBE under a closed topic list', function () {
  // mosquitto knows no list of first levels.
  if (isMosquitto) return;
  const wire = useWire({ autoCreateTopic: false });

  it('answers 0x80 for an unknown first level and goes on [MQTT-3.9.3-2]', async () => {
    const client = await wire.connected();
    client.send(subscribe(3, ['unknown/a', 1]));
    await client.expect('90 03 00 03 80');
    client.send(PINGREQ);
    await client.expect(PINGRESP);
  });

  it('delivers nothing for a refused filter', async () => {
    const client = await wire.connected();
    client.send(subscribe(3, ['unknown/a', 1]));
    await client.expect(suback(3, 0x80));
    client.send(publish({ topic: 'unknown/a', payload: 'x', qos: 0 }));
    const packet = await client.readPacket(200).catch(() => undefined);
    expect(packet).to.equal(undefined);
  });
});

describe('wire: 02 SUBSCRIBE under a closed list of wildcards', function () {
  // mosquitto has no such list.
  if (isMosquitto) return;
  const wire = useWire({ environment: { LMQTT_CONNECT_AUTO_CREATE_WILDCARD: 'false' } });

  it('answers 0x80 for every filter with a wildcard and grants the others [MQTT-3.8.3-2]', async () => {
    const own = wire.name('closed');
    const client = await wire.connected();
    client.send(subscribe(3, [`${own}/+`, 1], [`${own}/a`, 1], ['#', 0], [`+/${own}`, 2]));
    await client.expect(suback(3, 0x80, 1, 0x80, 0x80));
    client.send(publish({ topic: `${own}/b`, payload: 'x' }), PINGREQ);
    await client.expect(PINGRESP);
  });
});
