import { disconnect5 } from '../helpers/packets5.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 07 a second connection with the same client id', () => {
  const wire = useWire5();

  it('0x8E is said to a client whose id connects again [MQTT-3.1.4-3]', async () => {
    const clientId = wire.name('twin');
    for (const clean of [true, false]) {
      const first = await wire.connected({ clientId, clean });
      const second = await wire.connected({ clientId, clean });
      await first.disconnected(0x8e);
      await second.ping();
      second.send(disconnect5());
      await second.raw.expectClose();
    }
  });

  it('0x8E is said to a client of 5.0 that one of 3.1.1 takes over, and only the close the other way [MQTT-3.1.4-3]', async () => {
    const clientId = wire.name('twin');
    const first = await wire.connected({ clientId });
    const second = await wire.v4.connected({ clientId });
    await first.disconnected(0x8e);
    await wire.connected({ clientId });
    await second.expectClose();
  });
});
