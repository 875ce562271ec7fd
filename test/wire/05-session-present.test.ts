import { DISCONNECT } from '../helpers/packets.ts';
import { useWire } from './wire.ts';

describe('wire: 05 session present', () => {
  const wire = useWire();

  it('is 0 for the first connection with clean session 0 and 1 for the next [MQTT-3.1.4-3] [MQTT-3.2.2-2] [MQTT-3.2.2-3]', async () => {
    const clientId = wire.name('session');
    const first = await wire.connected({ clientId, clean: false }, false);
    first.send(DISCONNECT);
    await first.expectClose();
    await wire.connected({ clientId, clean: false }, true);
  });

  it('is 1 after the connection was lost without DISCONNECT [MQTT-3.2.2-2]', async () => {
    const clientId = wire.name('session');
    const first = await wire.connected({ clientId, clean: false }, false);
    await first.drop();
    await wire.connected({ clientId, clean: false }, true);
  });

  it('is 0 with clean session 1, and the state is gone for good [MQTT-3.1.2-6] [MQTT-3.1.4-3] [MQTT-3.2.2-1]', async () => {
    const clientId = wire.name('session');
    const first = await wire.connected({ clientId, clean: false }, false);
    await first.drop();
    const second = await wire.connected({ clientId, clean: true }, false);
    second.send(DISCONNECT);
    await second.expectClose();
    await wire.connected({ clientId, clean: false }, false);
  });

  it('is 0 after a clean session of the same client id [MQTT-3.1.2-6]', async () => {
    const clientId = wire.name('session');
    const first = await wire.connected({ clientId, clean: true });
    await first.drop();
    await wire.connected({ clientId, clean: false }, false);
  });

  it('tells client ids apart that differ in one character or by case [MQTT-3.1.3-2]', async () => {
    const clientId = wire.name('session');
    await wire.connected({ clientId, clean: false }, false);
    await wire.connected({ clientId: clientId.toUpperCase(), clean: false }, false);
    await wire.connected({ clientId: `${clientId} `, clean: false }, false);
    await wire.connected({ clientId: `${clientId}/`, clean: false }, false);
  });
});
