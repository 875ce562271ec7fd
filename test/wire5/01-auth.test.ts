import { auth5 } from '../helpers/packets5.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 01 AUTH that nobody asked for', () => {
  const wire = useWire5();

  for (const [what, code] of [
    ['re-authenticate', 0x19],
    ['continue', 0x18],
  ] as const) {
    it(`is answered with DISCONNECT 0x82 and the close: ${what} (§4.12.1)`, async () => {
      const client = await wire.connected();
      client.send(auth5(code, [['authMethod', 'X-UNKNOWN']]));
      await client.disconnected(0x82);
    });
  }

  it('is answered with DISCONNECT and the close: without any field', async () => {
    const client = await wire.connected();
    client.send('f0 00');
    await client.disconnected(0x82, 0x81);
  });

  it('is answered with DISCONNECT and the close: with flags [MQTT-3.15.1-1]', async () => {
    const client = await wire.connected();
    client.send('f2 02 19 00');
    await client.disconnected(0x81);
  });
});
