import { connect } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 01 CONNECT names the protocol', () => {
  const wire = useWire();

  it('answers CONNACK 1 to level 9 and closes [MQTT-3.1.2-2]', async () => {
    const client = await wire.open();
    client.send(connect({ clientId: 'level9', level: 9 }));
    await client.expect('20 02 00 01');
    await client.expectClose();
  });

  for (const protocolName of ['MQTX', 'mqtt', 'MQT', '']) {
    it(`closes on the protocol name '${protocolName}' without CONNACK 0 [MQTT-3.1.2-1]`, async () => {
      const client = await wire.open();
      client.send(connect({ clientId: 'stranger', protocolName }));
      await client.expectClose();
    });
  }
});
