import { hex } from '../helpers/packets.ts';
import { disconnect5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 01 DISCONNECT', () => {
  const wire = useWire5();

  for (const [what, packet] of [
    ['without a code', hex('e0 00')],
    ['with a code', hex('e0 01 00')],
    ['with 0x04 (with the will)', hex('e0 01 04')],
    ['with no properties', disconnect5(0)],
    [
      'with a reason string and user properties',
      disconnect5(0x80, [
        ['reasonString', 'x'],
        ['user', ['a', 'b']],
        ['user', ['a', 'b']],
      ]),
    ],
  ] as const) {
    it(`${what} is answered with the close alone`, async () => {
      const client = await wire.connected();
      client.send(packet);
      await client.raw.expectClose();
    });
  }

  for (const first of ['e1', 'e2', 'e4', 'e8']) {
    it(`with flags, ${first}, is answered with DISCONNECT 0x81 [MQTT-3.14.1-1]`, async () => {
      const client = await wire.connected();
      client.send(`${first} 00`);
      await client.disconnected(0x81);
    });
  }

  for (const [what, packet] of [
    ['a server reference', disconnect5(0, [['serverReference', 'x']])],
    [
      'two reason strings',
      disconnect5(0, [
        ['reasonString', 'x'],
        ['reasonString', 'x'],
      ]),
    ],
    ['bytes left over', hex('e0 03 00 00 00')],
    ['a code that only servers say [MQTT-3.14.2-1]', disconnect5(0x8b)],
    ['a code that is none [MQTT-3.14.2-1]', hex('e0 01 05')],
  ] as const) {
    it(`is answered when wrong: ${what} [MQTT-4.13.1-1]`, async function () {
      if (isMosquitto) this.skip();
      const client = await wire.connected();
      client.send(packet);
      await client.disconnected(0x81, 0x82);
    });
  }
});
