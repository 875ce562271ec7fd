import { connect5 } from '../helpers/packets5.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 01 a second CONNECT', () => {
  const wire = useWire5();

  it('is answered with DISCONNECT 0x82 and the close, not with another CONNACK [MQTT-3.1.0-2] [MQTT-3.2.0-2]', async () => {
    const clientId = wire.name('client');
    const client = await wire.connected({ clientId });
    client.send(connect5({ clientId }));
    await client.disconnected(0x82);
  });
});
